package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// State says whether a room is live.
type State uint8

// A stage that has no event is StateNone: nobody has opened the room.
const (
	StateNone State = iota
	StateLive
	StateEnded
)

// Stage is the fold of a room's events. It is a value: what it points to is never written again.
type Stage struct {
	Position      chain.Position
	WallTime      time.Time // of the event at Position
	State         State
	Host          id.User
	Title         string
	MaxSeats      uint32
	OpenStage     bool
	OpenListening bool
	Language      string
	Speakers      []id.User
	Moderators    []id.User // sorted; the host is none of them
	Seats         []Seat    // taken ones, by number
	HandMode      HandMode
	Hands         HandQueue
	Invites       []PendingInvite // in the order of their making
	Removed       []id.User       // sorted
	Acquaintances []Acquaintance  // met last last
	Anchor        OriginAnchored
	OpenedAt      time.Time
	EndedAt       time.Time
}

// mustBeLive is the first rule of every command but OpenRoom.
func (s Stage) mustBeLive() error {
	switch s.State {
	case StateLive:
		return nil
	case StateEnded:
		return fault.New(fault.CodeEnded, "the room is over")
	}
	return fault.New(fault.CodeNotFound, "no such room has been opened")
}

// seatOf answers the seat that a person has.
func (s Stage) seatOf(user id.User) (Seat, bool) {
	i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return seat.User == user })
	if i < 0 {
		return Seat{}, false
	}
	return s.Seats[i], true
}

// withSeat answers the stage after change was applied to the seat with a number.
func (s Stage) withSeat(number uint32, change func(*Seat)) Stage {
	i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return seat.Number == number })
	if i < 0 {
		return s
	}
	s.Seats = slices.Clone(s.Seats)
	change(&s.Seats[i])
	return s
}
