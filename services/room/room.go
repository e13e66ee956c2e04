// Package room owns the catalogue of rooms, and the door: who may enter, and the grants for it.
package room

import (
	"slices"
	"time"

	"rostrum/internal/id"
)

// State is where a room is in its life; the numbers are those of the wire.
type State uint8

const (
	StateScheduled State = iota + 1
	StateLive
	StateEnded
)

// Room is a row of the catalogue. Whether a room is live is decided by its stage; the row follows.
type Room struct {
	App           id.App
	ID            id.Room
	Title         string
	Description   string
	Language      string // BCP 47; may be empty
	Zone          string // IANA
	Host          id.User
	HostName      string
	State         State
	OpenStage     bool // anyone who may listen may take a seat
	OpenListening bool // listening needs no identity
	MaxSeats      uint32
	Speakers      []id.User // may take a seat, beside the host
	Created       time.Time
	Scheduled     time.Time // zero: not said
	Started       time.Time // zero: not yet
	Ended         time.Time
	Version       uint64 // of the stored row, from 1
}

// Stage is what the catalogue reads of a room's stage.
type Stage struct {
	State     State
	Host      id.User
	OpenStage bool
	Speakers  []id.User
	Seated    []id.User
	Removed   []id.User // kept out
	Opened    time.Time
	Ended     time.Time
}

// follow is the row after a look at the stage, and whether it has changed. A life goes only forward: an older look at
// the stage changes nothing.
func (r Room) follow(s Stage) (Room, bool) {
	if s.State <= r.State {
		return r, false
	}
	r.State, r.Started, r.Ended = s.State, s.Opened, s.Ended
	r.Version++
	return r, true
}

// maySpeak says whether somebody has a place on the stage or may take one.
func (s Stage) maySpeak(user id.User) bool {
	return s.OpenStage || user == s.Host || slices.Contains(s.Speakers, user) || slices.Contains(s.Seated, user)
}

func (s State) String() string {
	switch s {
	case StateScheduled:
		return "scheduled"
	case StateLive:
		return "live"
	case StateEnded:
		return "ended"
	}
	return "unknown"
}
