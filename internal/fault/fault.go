// Package fault owns errors that cross a process boundary: a code from a closed list, a message for people, and how
// both look over gRPC, HTTP and as a WebSocket close code.
//
// An error that is not a *Fault is internal: outside it is told as "internal" and its text stays inside.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code says what went wrong; the list is closed and documented in docs/protocol.md.
type Code string

const (
	CodeInvalid              Code = "invalid"               // the request cannot be meant
	CodeTooLarge             Code = "too_large"             // more bytes than the bound
	CodeUnauthenticated      Code = "unauthenticated"       // no token, or not one of ours
	CodeExpired              Code = "expired"               // the token was ours; get another
	CodeForbidden            Code = "forbidden"             // known, and not allowed
	CodeNotFound             Code = "not_found"             // no such thing
	CodeMethodNotAllowed     Code = "method_not_allowed"    // the path exists, not for this method
	CodeUnsupportedMedia     Code = "unsupported_media"     // another content type is wanted
	CodeNotLive              Code = "not_live"              // the room has not been started
	CodeEnded                Code = "ended"                 // the room is over
	CodeNotSeated            Code = "not_seated"            // only people on stage may
	CodeHeld                 Code = "held"                  // a moderator keeps the microphone closed
	CodeRemoved              Code = "removed"               // kept out of this room
	CodeHandsClosed          Code = "hands_closed"          // the hand mode does not let this person raise a hand
	CodeStageFull            Code = "stage_full"            // every seat is taken
	CodeAlreadySeated        Code = "already_seated"        // this person has a seat
	CodeNotInvited           Code = "not_invited"           // there is no invite for this person
	CodeInviteExpired        Code = "invite_expired"        // the invite was not answered in time
	CodeQueueFull            Code = "queue_full"            // too many hands are up
	CodeIdle                 Code = "idle"                  // nothing concerns this person here
	CodeConflict             Code = "conflict"              // another change came first; read again
	CodePreconditionFailed   Code = "precondition_failed"   // If-Match names an older state
	CodePreconditionRequired Code = "precondition_required" // If-Match is wanted
	CodeIdempotencyMismatch  Code = "idempotency_mismatch"  // this key was used with another body
	CodeFromAhead            Code = "from_ahead"            // resume from a number that does not exist yet
	CodeBadSDP               Code = "bad_sdp"               // the offer cannot be answered
	CodeRateLimited          Code = "rate_limited"          // wait retry_after_ms
	CodeTooSlow              Code = "too_slow"              // the connection cannot carry the rendition
	CodeMoved                Code = "moved"                 // resume elsewhere
	CodeUnavailable          Code = "unavailable"           // try again
	CodeTimeout              Code = "timeout"               // no answer in time; try again
	CodeInternal             Code = "internal"              // our fault
)

// Fault is an error that people outside may see.
type Fault struct {
	Code       Code
	Message    string
	RetryAfter time.Duration     // 0: not said
	Details    map[string]string // parameters of the message; may be nil
	cause      error
}

// New makes a fault. The message says what is wrong and what to do, for the person who called.
func New(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid says that a field is not of a wanted form.
func Invalid(field, want string) *Fault {
	f := New(CodeInvalid, "%s must be %s", field, want)
	f.Details = map[string]string{"field": field}
	return f
}

// Unavailable is a passing fault with a cause that stays inside.
func Unavailable(cause error, format string, args ...any) *Fault {
	f := New(CodeUnavailable, format, args...)
	f.RetryAfter, f.cause = time.Second, cause
	return f
}

// Because keeps a cause that is logged and never sent.
func (f *Fault) Because(cause error) *Fault {
	g := *f
	g.cause = cause
	return &g
}

// With adds a parameter of the message.
func (f *Fault) With(key, value string) *Fault {
	g := *f
	g.Details = map[string]string{key: value}
	for k, v := range f.Details {
		if k != key {
			g.Details[k] = v
		}
	}
	return &g
}

// In says how long to wait before the next try.
func (f *Fault) In(wait time.Duration) *Fault {
	g := *f
	g.RetryAfter = wait
	return &g
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Message, f.cause)
	}
	return fmt.Sprintf("%s: %s", f.Code, f.Message)
}

func (f *Fault) Unwrap() error { return f.cause }

// Is makes errors.Is(err, fault.Is(code)) compare codes.
func (f *Fault) Is(target error) bool {
	other, ok := target.(codeOnly)
	return ok && Code(other) == f.Code
}

type codeOnly Code

func (c codeOnly) Error() string { return string(c) }

// Is answers whether err is a fault of a code.
func Is(err error, code Code) bool { return errors.Is(err, codeOnly(code)) }

// MayPass answers whether the same call may succeed later, unchanged.
func MayPass(err error) bool {
	switch From(err).Code {
	case CodeUnavailable, CodeTimeout, CodeMoved, CodeRateLimited, CodeInternal:
		return true
	}
	return false
}

// From answers the fault in err's chain; any other error becomes an internal fault with err as its cause.
func From(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	if f := fromStatus(err); f != nil {
		return f
	}
	return &Fault{Code: CodeInternal, Message: "something went wrong on our side", cause: err}
}
