package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Mute silences a seated person: oneself, or anyone for the host.
type Mute struct{ User id.User }

func (Mute) kind() string { return "mute" }

func (c Mute) check() error {
	_, err := id.ParseUser(string(c.User))
	return err
}

func (c Mute) decide(stage Stage, by Actor) ([]Change, error) {
	if err := stage.mustBeLive(); err != nil {
		return nil, err
	}
	if !by.isPerson(c.User) && !by.isPerson(stage.Host) {
		return nil, fault.New(fault.CodeForbidden, "only the host may mute others")
	}
	seat, err := stage.mustBeSeated(c.User)
	if err != nil || seat.Muted {
		return nil, err
	}
	return []Change{Muted{User: c.User, Seat: seat.Number}}, nil
}

// Unmute opens one's own microphone. Nobody can do it for somebody else, the host included.
type Unmute struct{ User id.User }

func (Unmute) kind() string { return "unmute" }

func (c Unmute) check() error {
	_, err := id.ParseUser(string(c.User))
	return err
}

func (c Unmute) decide(stage Stage, by Actor) ([]Change, error) {
	if err := stage.mustBeLive(); err != nil {
		return nil, err
	}
	if !by.isPerson(c.User) {
		return nil, fault.New(fault.CodeForbidden, "people unmute themselves only")
	}
	seat, err := stage.mustBeSeated(c.User)
	if err != nil || !seat.Muted {
		return nil, err
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

func (e Muted) evolve(stage Stage, _ time.Time) Stage {
	return stage.withSeat(e.Seat, func(seat *Seat) { seat.Muted = true })
}

// Unmuted opens the microphone of a seat.
type Unmuted struct {
	User id.User
	Seat uint32
}

func (e Unmuted) evolve(stage Stage, _ time.Time) Stage {
	return stage.withSeat(e.Seat, func(seat *Seat) { seat.Muted = false })
}
