package origin

import (
	"time"

	"rostrum/mediaedge/audio"
)

// changeKind says what an event is to an origin.
type changeKind uint8

const (
	changeNothing changeKind = iota // hands, invites: only their position counts
	changeSeated
	changeUnseated
	changeMuted
	changeUnmuted
	changeHeld
	changeReleased
	changeRemoved
	changeAppointed
	changeDismissed
	changeFound
	changeLost
	changePolicy
	changeAnchor
	changeEnded
)

// voices says whether an event decides who may be heard.
func (k changeKind) voices() bool {
	switch k {
	case changeSeated, changeUnseated, changeMuted, changeUnmuted, changeHeld, changeReleased, changeRemoved, changeEnded:
		return true
	}
	return false
}

// change is one item of a watched stage: a whole stage or one event; or the news that the watch was lost.
type change struct {
	snapshot *stage
	lost     time.Time // since when nothing is heard; zero: this is an item, so something is
	position audio.Position
	kind     changeKind
	user     string         // of events about a person
	wall     time.Time      // changeRemoved: when the log says that it was; zero: it does not
	seat     audio.Seat     // of events about a seat
	occupant audio.Occupant // changeSeated
	hands    audio.HandMode // changePolicy
	anchor   anchor         // changeAnchor
}

// at is where the log stands with the change.
func (c change) at() audio.Position {
	if c.snapshot != nil {
		return c.snapshot.position
	}
	return c.position
}

// about is a person in a seat after an event about the person.
func (c change) about(o audio.Occupant) audio.Occupant {
	switch c.kind {
	case changeMuted:
		o.Muted = true
	case changeUnmuted:
		o.Muted = false
	case changeHeld:
		o.Muted, o.Held = true, true
	case changeReleased:
		o.Held = false
	case changeAppointed:
		o.Role = max(o.Role, audio.RoleModerator)
	case changeDismissed:
		if o.Role == audio.RoleModerator {
			o.Role = audio.RoleSpeaker
		}
	case changeFound:
		o.Away = false
	case changeLost:
		o.Away = true
	}
	return o
}
