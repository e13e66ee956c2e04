package stage

import (
	"encoding/json"
	"fmt"
	"time"

	"rostrum/client/api"
)

// Kind is what happened.
type Kind string

// The kinds of events. Newer gateways may tell of more.
const (
	Seated          Kind = "seated"
	Unseated        Kind = "unseated"
	Muted           Kind = "muted"
	Unmuted         Kind = "unmuted"
	Held            Kind = "held"
	Released        Kind = "released"
	MediaFound      Kind = "media_found"
	MediaLost       Kind = "media_lost"
	Appointed       Kind = "appointed"
	Dismissed       Kind = "dismissed"
	HandModeSet     Kind = "hand_mode_set"
	AllHandsLowered Kind = "all_hands_lowered"
	HandRaised      Kind = "hand_raised"
	HandLowered     Kind = "hand_lowered"
	HandAbsent      Kind = "hand_absent"
	HandPresent     Kind = "hand_present"
	Invited         Kind = "invited"
	InviteClosed    Kind = "invite_closed"
	Removed         Kind = "removed"
	Readmitted      Kind = "readmitted"
	RoomEnded       Kind = "room_ended"
)

// Event is one change of a stage. Which of the later fields are filled depends on its kind.
type Event struct {
	Position api.Position
	At       time.Time
	By       string // a user, or "service:" and its name
	Kind     Kind
	User     string

	Seat      int       // number
	Taken     *api.Seat // of Seated
	Reason    string    // of Unseated, HandLowered, InviteClosed
	Mode      api.HandMode
	Name      string
	Note      string
	Order     uint64
	RaisedAt  time.Time
	ExpiresAt time.Time
}

// wireEvent is an event as the socket carries it.
type wireEvent struct {
	Type      string          `json:"type"`
	Position  *api.Position   `json:"position"`
	At        time.Time       `json:"at"`
	By        string          `json:"by"`
	Kind      Kind            `json:"event"`
	User      string          `json:"user,omitempty"`
	Seat      json.RawMessage `json:"seat,omitempty"` // an object in Seated, else a number
	Reason    string          `json:"reason,omitempty"`
	Mode      api.HandMode    `json:"mode,omitempty"`
	Name      string          `json:"name,omitempty"`
	Note      string          `json:"note,omitempty"`
	Order     uint64          `json:"order,omitempty"`
	RaisedAt  *time.Time      `json:"raised_at,omitempty"`
	ExpiresAt *time.Time      `json:"expires_at,omitempty"`
}

// UnmarshalJSON reads an event of docs/protocol.md section 10.2.
func (e *Event) UnmarshalJSON(raw []byte) error {
	var w wireEvent
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if w.Position == nil || w.Kind == "" {
		return fmt.Errorf("an event without position or kind")
	}
	*e = Event{
		Position: *w.Position, At: w.At, By: w.By, Kind: w.Kind, User: w.User,
		Reason: w.Reason, Mode: w.Mode, Name: w.Name, Note: w.Note, Order: w.Order,
	}
	if w.RaisedAt != nil {
		e.RaisedAt = *w.RaisedAt
	}
	if w.ExpiresAt != nil {
		e.ExpiresAt = *w.ExpiresAt
	}
	if len(w.Seat) == 0 {
		return nil
	}
	if w.Kind != Seated {
		return json.Unmarshal(w.Seat, &e.Seat)
	}
	e.Taken = &api.Seat{}
	if err := json.Unmarshal(w.Seat, e.Taken); err != nil {
		return err
	}
	e.Seat = e.Taken.Seat
	if e.User == "" {
		e.User = e.Taken.User
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (e Event) MarshalJSON() ([]byte, error) {
	w := wireEvent{
		Type: "event", Position: &e.Position, At: e.At, By: e.By, Kind: e.Kind, User: e.User,
		Reason: e.Reason, Mode: e.Mode, Name: e.Name, Note: e.Note, Order: e.Order,
	}
	if !e.RaisedAt.IsZero() {
		w.RaisedAt = &e.RaisedAt
	}
	if !e.ExpiresAt.IsZero() {
		w.ExpiresAt = &e.ExpiresAt
	}
	var seat any
	switch {
	case e.Taken != nil:
		seat = e.Taken
	case e.Seat != 0:
		seat = e.Seat
	default:
		return json.Marshal(w)
	}
	var err error
	if w.Seat, err = json.Marshal(seat); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}
