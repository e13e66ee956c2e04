package listenerstate

import (
	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Mute silences a seated person.
type Mute struct{ User id.User }

func (Mute) kind() string          { return "mute" }
func (c Mute) about(Actor) id.User { return c.User }
func (c Mute) check() error        { return checkUser(c.User) }

func (c Mute) decide(m moment) ([]Change, error) {
	seat, err := m.mustBeSeated(c.User)
	if err != nil || seat.Muted {
		return nil, err
	}
	return []Change{Muted{User: c.User, Seat: seat.Number}}, nil
}

// Unmute opens one's own microphone. Nobody can do it for somebody else, the host included.
type Unmute struct{ User id.User }

func (Unmute) kind() string          { return "unmute" }
func (c Unmute) about(Actor) id.User { return c.User }
func (c Unmute) check() error        { return checkUser(c.User) }

func (c Unmute) decide(m moment) ([]Change, error) {
	seat, err := m.mustBeSeated(c.User)
	switch {
	case err != nil:
		return nil, err
	case seat.Held:
		return nil, fault.New(fault.CodeHeld, "a moderator keeps your microphone closed; wait to be released")
	case !seat.Muted:
		return nil, nil
	}
	return []Change{Unmuted{User: c.User, Seat: seat.Number}}, nil
}

func (s Stage) mustBeSeated(user id.User) (Seat, error) {
	seat, seated := s.seatOf(user)
	if !seated {
		return Seat{}, fault.New(fault.CodeNotSeated, "this person has no seat")
	}
	return seat, nil
}

// Muted closes the microphone of a seat.
type Muted struct {
	User id.User
	Seat uint32
}

func (c Muted) evolve(stage Stage, _ Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.Muted = true })
}

// Unmuted opens the microphone of a seat.
type Unmuted struct {
	User id.User
	Seat uint32
}

func (c Unmuted) evolve(stage Stage, _ Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.Muted = false })
}
