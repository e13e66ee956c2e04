package events

import (
	"time"

	"rostrum/mobile-api/view"
)

// event is one change of a stage, opened. Which of the later fields are filled depends on its kind.
type event struct {
	at   view.Position
	time time.Time
	by   string
	kind kind
	user string

	seat    uint32
	taken   view.Seat // of seated
	reason  string
	mode    string
	name    string
	note    string
	expires time.Time
}

// eventHead is what every event message begins with.
type eventHead struct {
	Type     string        `json:"type"`
	Position view.Position `json:"position"`
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
	Event    kind          `json:"event"`
	User     string        `json:"user,omitzero"`
}

// frame is the message that says it, the same for everyone who may see it.
func (e event) frame() ([]byte, error) {
	head := eventHead{"event", e.at, e.time, e.by, e.kind, e.user}
	switch e.kind {
	case seated:
		return encode(struct {
			eventHead
			Seat view.Seat `json:"seat"`
		}{head, e.taken})
	case unseated:
		return encode(struct {
			eventHead
			Seat   uint32 `json:"seat"`
			Reason string `json:"reason"`
		}{head, e.seat, e.reason})
	case muted, unmuted, held, released, mediaLost, mediaFound:
		return encode(struct {
			eventHead
			Seat uint32 `json:"seat"`
		}{head, e.seat})
	case handModeSet:
		return encode(struct {
			eventHead
			Mode string `json:"mode"`
		}{head, e.mode})
	case handRaised:
		return encode(struct {
			eventHead
			Name     string    `json:"name"`
			Note     string    `json:"note"`
			Order    uint64    `json:"order"`
			RaisedAt time.Time `json:"raised_at"`
		}{head, e.name, e.note, e.at.Offset, e.time})
	case invited:
		return encode(struct {
			eventHead
			Name      string    `json:"name"`
			ExpiresAt time.Time `json:"expires_at"`
		}{head, e.name, e.expires})
	case handLowered, inviteClosed:
		return encode(struct {
			eventHead
			Reason string `json:"reason"`
		}{head, e.reason})
	}
	return encode(head)
}
