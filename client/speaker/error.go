package speaker

import (
	"encoding/json"
	"fmt"
	"time"
)

// Error is a refusal of the service.
type Error struct {
	Status     int    // of HTTP
	Code       string // of docs/protocol.md, such as "not_seated"; "" where the answer had none
	Message    string // for people
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("speaker: HTTP status %d", e.Status)
	}
	return fmt.Sprintf("speaker: %s: %s", e.Code, e.Message)
}

func readError(status int, answer []byte) *Error {
	var body struct {
		Error struct {
			Code         string `json:"code"`
			Message      string `json:"message"`
			RetryAfterMS int64  `json:"retry_after_ms"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return &Error{Status: status}
	}
	return &Error{
		Status: status, Code: body.Error.Code, Message: body.Error.Message,
		RetryAfter: time.Duration(body.Error.RetryAfterMS) * time.Millisecond,
	}
}
