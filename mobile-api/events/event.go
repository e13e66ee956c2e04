package events

import (
	"time"
)

// kind is an event as it is written.
type kind string

const (
	nothing         kind = "" // concerns nobody here; only its position counts
	seated          kind = "seated"
	unseated        kind = "unseated"
	muted           kind = "muted"
	unmuted         kind = "unmuted"
	held            kind = "held"
	released        kind = "released"
	mediaLost       kind = "media_lost"
	mediaFound      kind = "media_found"
	appointed       kind = "appointed"
	dismissed       kind = "dismissed"
	handModeSet     kind = "hand_mode_set"
	allHandsLowered kind = "all_hands_lowered"
	handRaised      kind = "hand_raised"
	handLowered     kind = "hand_lowered"
	handAbsent      kind = "hand_absent"
	handPresent     kind = "hand_present"
	invited         kind = "invited"
	inviteClosed    kind = "invite_closed"
	removed         kind = "removed"
	readmitted      kind = "readmitted"
	roomEnded       kind = "room_ended"
)

// audience is who may see an event.
type audience uint8

const (
	nobody audience = iota
	concerned
	everyone
)

// audience: what is about one person's wish to speak is between that person and the moderators.
func (k kind) audience() audience {
	switch k {
	case nothing:
		return nobody
	case handRaised, handLowered, handAbsent, handPresent, invited, inviteClosed, removed, readmitted:
		return concerned
	}
	return everyone
}

// event is one change of a stage, opened. Which of the later fields are filled depends on its kind.
type event struct {
	at   position
	time time.Time
	by   string
	kind kind
	user string

	seat    uint32
	taken   wireSeat // of seated
	reason  string
	mode    string
	name    string
	note    string
	expires time.Time
}

// eventHead is what every event message begins with.
type eventHead struct {
	Type     string    `json:"type"`
	Position position  `json:"position"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Event    kind      `json:"event"`
	User     string    `json:"user,omitzero"`
}

// frame is the message that says it, the same for everyone who may see it.
func (e event) frame() ([]byte, error) {
	head := eventHead{"event", e.at, e.time, e.by, e.kind, e.user}
	switch e.kind {
	case seated:
		return encode(struct {
			eventHead
			Seat wireSeat `json:"seat"`
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
