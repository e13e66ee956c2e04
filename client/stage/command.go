package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rostrum/client/api"
)

// Verb is what a command does.
type Verb string

// The verbs of commands; section 2.1 of docs/protocol.md says who may.
const (
	DoRaise       Verb = "raise" // Note
	DoLower       Verb = "lower"
	DoLowerAll    Verb = "lower_all"
	DoSetHandMode Verb = "hand_mode" // Mode
	DoInvite      Verb = "invite"    // ExpiresIn
	DoWithdraw    Verb = "withdraw"
	DoAccept      Verb = "accept" // Muted
	DoDecline     Verb = "decline"
	DoTakeSeat    Verb = "take_seat" // Muted
	DoSeat        Verb = "seat"
	DoAudience    Verb = "audience"
	DoMute        Verb = "mute"
	DoUnmute      Verb = "unmute"
	DoHold        Verb = "hold"
	DoRelease     Verb = "release"
	DoAppoint     Verb = "appoint"
	DoDismiss     Verb = "dismiss"
	DoRemove      Verb = "remove"
	DoReadmit     Verb = "readmit"
	DoLeave       Verb = "leave"
)

// maxCommandBytes is what a gateway takes in one message.
const maxCommandBytes = 4096

// Command is what a person wants of the stage.
type Command struct {
	// ID is the idempotency key, 1 to 64 printable ASCII characters; empty: a new one. The same command over HTTP under the
	// same key happens once.
	ID        string
	Do        Verb
	User      string // whom it is about; empty or api.Me: oneself
	Note      string
	Mode      api.HandMode
	Muted     bool
	ExpiresIn time.Duration // whole seconds; 0: 60 s
}

// Answer is what became of a command.
type Answer struct {
	Position api.Position // from here on the stage has it
	Place    int          // one's own in the hand queue, from 1; 0: the hand is not up
}

func (c Command) encode() ([]byte, error) {
	raw, err := json.Marshal(struct {
		Type      string       `json:"type"`
		ID        string       `json:"id"`
		Do        Verb         `json:"do"`
		User      string       `json:"user,omitempty"`
		Note      string       `json:"note,omitempty"`
		Mode      api.HandMode `json:"mode,omitempty"`
		Muted     bool         `json:"muted,omitempty"`
		ExpiresIn int          `json:"expires_in,omitempty"`
	}{"command", c.ID, c.Do, c.User, c.Note, c.Mode, c.Muted, int(c.ExpiresIn / time.Second)})
	if err != nil {
		return nil, err
	}
	if c.Do == "" {
		return nil, errors.New("it does nothing")
	}
	if len(raw) > maxCommandBytes {
		return nil, fmt.Errorf("it has %d bytes, and %d are the most", len(raw), maxCommandBytes)
	}
	return raw, nil
}
