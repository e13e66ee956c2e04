// Package intent owns what a person asks of a stage, and the command it becomes.
//
// HTTP routes and the events socket make the same commands through it, so one idempotency key is one command over both.
package intent

import (
	"fmt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/text"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// Me is how callers name themselves.
const Me = "me"

const (
	maxName   = 40   // graphemes
	maxNote   = 140  // graphemes
	noteBytes = 1400 // as the stage bounds it
	minInvite = 5    // seconds
	maxInvite = 600
)

// Person is who asks, as the access token says.
type Person struct {
	User id.User
	Name string
}

// Intent is one thing asked of a stage. Do is a verb of docs/protocol.md section 10.3. What the verb does not want is
// bounded and otherwise ignored.
type Intent struct {
	Do        string
	User      string // whom it is about; "" or "me" is oneself
	Name      string // of User, where a gateway looked it up (invite, seat)
	Note      string // raise
	Muted     bool   // accept, take_seat
	Mode      string // hand_mode: open, invited, closed
	ExpiresIn uint32 // invite, seconds; 0: as the stage decides
}

// Check refuses what no stage could accept. Fault: invalid, with the field in its details.
func (i Intent) Check() error {
	_, err := i.checked()
	return err
}

// checked answers the intent with its texts as they are stored.
func (i Intent) checked() (Intent, error) {
	if _, known := verbs[i.Do]; !known {
		return Intent{}, fault.Invalid("do", "a verb of the protocol")
	}
	if _, err := id.ParseUser(i.User); !i.isOwn() && err != nil {
		return Intent{}, err
	}
	if _, known := modes[i.Mode]; !known && (i.Mode != "" || i.Do == "hand_mode") {
		return Intent{}, fault.Invalid("mode", "open, invited or closed")
	}
	if i.ExpiresIn != 0 && (i.ExpiresIn < minInvite || i.ExpiresIn > maxInvite) {
		return Intent{}, fault.Invalid("expires_in", fmt.Sprintf("%d to %d seconds", minInvite, maxInvite))
	}
	var err error
	if i.Name, err = text.Line("name", i.Name, 0, maxName); err != nil {
		return Intent{}, err
	}
	if i.Note, err = text.Line("note", i.Note, 0, maxNote); err != nil {
		return Intent{}, err
	}
	if len(i.Note) > noteBytes {
		return Intent{}, fault.Invalid("note", fmt.Sprintf("at most %d characters and %d bytes", maxNote, noteBytes))
	}
	return i, nil
}

// Request makes the command of an intent by a person. Faults: those of Check; forbidden where the verb is only for
// oneself and the intent is about another person.
func (i Intent) Request(app id.App, room id.Room, by Person, command id.Command) (*listenerstatev1.ApplyRequest, error) {
	i, err := i.checked()
	if err != nil {
		return nil, err
	}
	if i.isOwn() {
		i.User = string(by.User)
	}
	v := verbs[i.Do]
	if v.own && i.User != string(by.User) {
		return nil, fault.New(fault.CodeForbidden, "nobody can do this for another person")
	}
	to := &listenerstatev1.ApplyRequest{
		App: string(app), Room: string(room), CommandId: string(command),
		Actor: &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(by.User)}},
	}
	v.set(to, i, by)
	return to, nil
}

func (i Intent) isOwn() bool { return i.User == "" || i.User == Me }

// modes are the hand modes as they are written.
var modes = map[string]listenv1.HandMode{
	view.HandsOpen:    listenv1.HandMode_HAND_MODE_OPEN,
	view.HandsInvited: listenv1.HandMode_HAND_MODE_INVITED,
	view.HandsClosed:  listenv1.HandMode_HAND_MODE_CLOSED,
}
