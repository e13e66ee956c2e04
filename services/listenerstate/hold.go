package listenerstate

import "rostrum/internal/id"

// Hold mutes a seated person until released.
type Hold struct{ User id.User }

func (Hold) kind() string          { return "hold" }
func (c Hold) about(Actor) id.User { return c.User }
func (c Hold) check() error        { return checkUser(c.User) }

func (c Hold) decide(m moment) ([]Change, error) {
	seat, err := m.mustBeSeated(c.User)
	if err != nil || seat.Held {
		return nil, err
	}
	return []Change{Held{User: c.User, Seat: seat.Number}}, nil
}

// Release lets a held person unmute. It opens no microphone.
type Release struct{ User id.User }

func (Release) kind() string          { return "release" }
func (c Release) about(Actor) id.User { return c.User }
func (c Release) check() error        { return checkUser(c.User) }

func (c Release) decide(m moment) ([]Change, error) {
	seat, err := m.mustBeSeated(c.User)
	if err != nil || !seat.Held {
		return nil, err
	}
	return []Change{Released{User: c.User, Seat: seat.Number}}, nil
}

// Held closes a microphone that its person cannot open.
type Held struct {
	User id.User
	Seat uint32
}

func (c Held) evolve(stage Stage, _ Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.Muted, seat.Held = true, true })
}

// Released gives a person back the right to unmute.
type Released struct {
	User id.User
	Seat uint32
}

func (c Released) evolve(stage Stage, _ Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.Held = false })
}
