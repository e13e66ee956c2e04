package stage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gorilla/websocket"
)

// CloseError is how a gateway ended a connection (docs/protocol.md section 10.4).
type CloseError struct {
	Code    int    // of the close frame
	Fault   string // such as "ended"; empty where the gateway gave none
	Message string
}

func (e *CloseError) Error() string {
	if e.Fault == "" {
		return fmt.Sprintf("closed with %d %s", e.Code, e.Message)
	}
	return e.Fault + ": " + e.Message
}

// The close codes that have a meaning of their own.
const (
	closeInvalid         = 4400
	closeUnauthenticated = 4401
	closeIdle            = 4408
	closeTooLarge        = 4413
	closeFromAhead       = 4416
	closeRateLimited     = 4429
)

// Final answers whether another connection is of no use now: the caller has to do something else. Of these only "idle" and
// "not_live" pass: when there is a hand to raise, when the room has started.
func (e *CloseError) Final() bool {
	switch e.Code {
	case closeInvalid, 4403, 4404, closeIdle, 4409, 4410, closeTooLarge:
		return true
	}
	return false
}

// closeError answers what the gateway said, or err where it said nothing.
func closeError(err error) error {
	var told *websocket.CloseError
	if !errors.As(err, &told) || told.Code == websocket.CloseAbnormalClosure {
		return err
	}
	fault, message, found := strings.Cut(told.Text, ": ")
	if !found {
		fault, message = "", told.Text
	}
	return &CloseError{Code: told.Code, Fault: fault, Message: message}
}

// FaultOf answers the fault of a CloseError in err's chain, such as "idle", else "".
func FaultOf(err error) string {
	var told *CloseError
	if errors.As(err, &told) {
		return told.Fault
	}
	return ""
}
