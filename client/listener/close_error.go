package listener

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gorilla/websocket"
)

// CloseError is how an edge ended a connection (docs/protocol.md section 1.6).
type CloseError struct {
	Code    int    // of the close frame
	Fault   string // such as "ended"; empty where the edge gave none
	Message string
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("closed with %d %s: %s", e.Code, e.Fault, e.Message)
}

// Final answers whether connecting again with the same grant is of no use: the caller has to do something else.
func (e *CloseError) Final() bool {
	switch e.Code {
	case 4400, 4401, 4403, 4404, 4409, 4410, 4413:
		return true
	}
	return false
}

// ErrSilent says that a connection brought nothing for as long as Config.Silence.
var ErrSilent = errors.New("the edge has fallen silent")

// readError answers what the edge said, or err where it said nothing.
func readError(err error) error {
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
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
