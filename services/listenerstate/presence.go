package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// How long a person who is not there keeps what they have.
const (
	seatGrace = 30 * time.Second
	handGrace = 60 * time.Second
)

// ReportMedia says that a seated person's session began or ended.
type ReportMedia struct {
	User    id.User
	Session id.Session
	Lost    bool
}

func (ReportMedia) kind() string          { return "report_media" }
func (c ReportMedia) about(Actor) id.User { return c.User }

func (c ReportMedia) check() error {
	if _, err := id.ParseSession(string(c.Session)); err != nil {
		return fault.Invalid("session", "a session id")
	}
	return checkUser(c.User)
}

// decide ignores news of a seat that is gone, and the loss of a session that has a successor.
func (c ReportMedia) decide(m moment) ([]Change, error) {
	seat, seated := m.seatOf(c.User)
	isCurrent := seat.Session == c.Session
	switch {
	case !seated:
		return nil, nil
	case c.Lost && isCurrent && !seat.isAway():
		return []Change{MediaLost{c.User, seat.Number, c.Session}}, nil
	case !c.Lost && (!isCurrent || seat.isAway()):
		return []Change{MediaFound{c.User, seat.Number, c.Session}}, nil
	}
	return nil, nil
}

// ReportPresence says that nobody sees a person with a raised hand any more, or that somebody does again.
type ReportPresence struct {
	User   id.User
	Absent bool
}

func (ReportPresence) kind() string          { return "report_presence" }
func (c ReportPresence) about(Actor) id.User { return c.User }
func (c ReportPresence) check() error        { return checkUser(c.User) }

func (c ReportPresence) decide(m moment) ([]Change, error) {
	hand, up := m.Hands.Of(c.User)
	if !up || c.Absent != hand.AbsentSince.IsZero() {
		return nil, nil
	}
	if c.Absent {
		return []Change{HandAbsent{c.User}}, nil
	}
	return []Change{HandPresent{c.User}}, nil
}

// MediaFound says that a seat has a microphone.
type MediaFound struct {
	User    id.User
	Seat    uint32
	Session id.Session
}

func (c MediaFound) evolve(stage Stage, _ Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.Session, seat.AwaySince = c.Session, time.Time{} })
}

// MediaLost says that a seat has none any more.
type MediaLost struct {
	User    id.User
	Seat    uint32
	Session id.Session
}

func (c MediaLost) evolve(stage Stage, e Event) Stage {
	return stage.withSeat(c.Seat, func(seat *Seat) { seat.AwaySince = e.WallTime })
}

// HandAbsent says since when a person with a raised hand is not seen.
type HandAbsent struct{ User id.User }

func (c HandAbsent) evolve(stage Stage, e Event) Stage { return stage.withHandSeen(c.User, e.WallTime) }

// HandPresent says that the person is seen again.
type HandPresent struct{ User id.User }

func (c HandPresent) evolve(stage Stage, _ Event) Stage {
	return stage.withHandSeen(c.User, time.Time{})
}

func (s Stage) withHandSeen(user id.User, absentSince time.Time) Stage {
	if hand, up := s.Hands.Of(user); up {
		hand.AbsentSince = absentSince
		s.Hands = s.Hands.with(hand)
	}
	return s
}
