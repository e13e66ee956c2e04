package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is an answer that says no. Codes are those of Error in openapi.yaml.
type Error struct {
	Code       string // "not_live", "stage_full", …
	Message    string // for people who write programs
	RetryAfter time.Duration
	Details    map[string]string
	RequestID  string // for whom runs the system: their log has it; empty: none was said
	Status     int    // of HTTP
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// CodeOf answers the code of an Error in err's chain, else "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// unreached is an error without an answer.
type unreached struct{ error }

func (u unreached) Unwrap() error { return u.error }

// readError reads an error answer. One that is not the gateway's own, as of a proxy on the way, is told by its status.
func readError(response *http.Response, answer []byte) *Error {
	var body struct {
		Error struct {
			Code         string            `json:"code"`
			Message      string            `json:"message"`
			RetryAfterMS int64             `json:"retry_after_ms"`
			Details      map[string]string `json:"details"`
			RequestID    string            `json:"request_id"`
		} `json:"error"`
	}
	_ = json.Unmarshal(answer, &body)
	e := &Error{
		Code: body.Error.Code, Message: body.Error.Message, Details: body.Error.Details, Status: response.StatusCode,
		RetryAfter: time.Duration(body.Error.RetryAfterMS) * time.Millisecond, RequestID: body.Error.RequestID,
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && e.RetryAfter == 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	if e.Code == "" {
		e.Code, e.Message = "internal", fmt.Sprintf("HTTP status %d without an error body", response.StatusCode)
		if response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusBadGateway {
			e.Code = "unavailable"
		}
	}
	return e
}
