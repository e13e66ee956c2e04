package fault

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// statuses is the one table from codes to HTTP.
var statuses = map[Code]int{
	CodeInvalid:              http.StatusBadRequest,
	CodeTooLarge:             http.StatusRequestEntityTooLarge,
	CodeUnauthenticated:      http.StatusUnauthorized,
	CodeExpired:              http.StatusUnauthorized,
	CodeForbidden:            http.StatusForbidden,
	CodeNotFound:             http.StatusNotFound,
	CodeMethodNotAllowed:     http.StatusMethodNotAllowed,
	CodeUnsupportedMedia:     http.StatusUnsupportedMediaType,
	CodeNotLive:              http.StatusConflict,
	CodeEnded:                http.StatusGone,
	CodeNotSeated:            http.StatusForbidden,
	CodeHeld:                 http.StatusForbidden,
	CodeRemoved:              http.StatusForbidden,
	CodeHandsClosed:          http.StatusForbidden,
	CodeStageFull:            http.StatusConflict,
	CodeAlreadySeated:        http.StatusConflict,
	CodeNotInvited:           http.StatusConflict,
	CodeInviteExpired:        http.StatusConflict,
	CodeQueueFull:            http.StatusConflict,
	CodeIdle:                 http.StatusRequestTimeout,
	CodeConflict:             http.StatusConflict,
	CodePreconditionFailed:   http.StatusPreconditionFailed,
	CodePreconditionRequired: http.StatusPreconditionRequired,
	CodeIdempotencyMismatch:  http.StatusUnprocessableEntity,
	CodeFromAhead:            http.StatusRequestedRangeNotSatisfiable,
	CodeBadSDP:               http.StatusUnprocessableEntity,
	CodeRateLimited:          http.StatusTooManyRequests,
	CodeTooSlow:              http.StatusServiceUnavailable,
	CodeMoved:                http.StatusServiceUnavailable,
	CodeUnavailable:          http.StatusServiceUnavailable,
	CodeTimeout:              http.StatusGatewayTimeout,
	CodeInternal:             http.StatusInternalServerError,
}

// HTTPStatus answers the status of a code.
func HTTPStatus(code Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// CloseCode answers the WebSocket close code of a code: 4000 and the HTTP status. 4503 means: resume elsewhere, or
// here a little later, from the number after the last one received.
func CloseCode(code Code) int { return 4000 + HTTPStatus(code) }

// CloseReason is the text beside a close code: the code itself, and for people the message, at most 123 bytes
// (RFC 6455 section 5.5).
func CloseReason(err error) string {
	f := From(err)
	reason := string(f.Code) + ": " + f.Message
	if len(reason) > 123 {
		return string(f.Code)
	}
	return reason
}

// body is the JSON of every error answer.
type body struct {
	Error bodyError `json:"error"`
}

type bodyError struct {
	Code         Code              `json:"code"`
	Message      string            `json:"message"`
	RetryAfterMS int64             `json:"retry_after_ms,omitempty"`
	Details      map[string]string `json:"details,omitempty"`
	RequestID    string            `json:"request_id,omitempty"`
}

// WriteHTTP answers err as JSON with its status, and with the request id that the header already names.
func WriteHTTP(w http.ResponseWriter, err error) {
	f := From(err)
	h := w.Header()
	out, _ := json.Marshal(body{bodyError{f.Code, f.Message, f.RetryAfter.Milliseconds(), f.Details, h.Get("X-Request-Id")}})
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.RetryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(HTTPStatus(f.Code))
	w.Write(append(out, '\n'))
}

// ReadHTTP is the other side of WriteHTTP: the fault in an error answer.
func ReadHTTP(status int, answer []byte) *Fault {
	var b body
	if json.Unmarshal(answer, &b) != nil || b.Error.Code == "" {
		return New(CodeInternal, "HTTP status %d without an error body", status)
	}
	return &Fault{
		Code: b.Error.Code, Message: b.Error.Message, Details: b.Error.Details,
		RetryAfter: time.Duration(b.Error.RetryAfterMS) * time.Millisecond,
	}
}
