package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Seat is a taken place on the stage. The microphone follows it.
type Seat struct {
	Number uint32 // from 1
	User   id.User
	Name   Name
	Role   Role
	Muted  bool
	Held   bool // muted until a moderator releases it
	// Session is the one that the SFU found last; empty: none yet.
	Session id.Session
	// AwaySince is since when there is no microphone; zero: there is one.
	AwaySince time.Time
}

func (s Seat) isAway() bool { return !s.AwaySince.IsZero() }

// wasLost says whether there was a microphone before there was none.
func (s Seat) wasLost() bool { return s.isAway() && s.Session != "" }

var errStageFull = fault.New(fault.CodeStageFull, "every seat is taken or kept for somebody who was invited")

// TakeSeat seats the actor on the lowest free seat. Who has a seat keeps it as it is.
type TakeSeat struct {
	Name  string // may be empty
	Muted bool
}

func (TakeSeat) kind() string           { return "take_seat" }
func (TakeSeat) about(by Actor) id.User { return by.User }
func (c TakeSeat) check() error         { return checkText("name", c.Name, maxNameBytes) }

func (c TakeSeat) decide(m moment) ([]Change, error) {
	user := m.by.User
	if _, seated := m.seatOf(user); seated {
		return nil, nil
	}
	if !m.maySit(user) {
		return nil, fault.New(fault.CodeForbidden, "the stage is not open to you; raise a hand")
	}
	if !m.hasRoom(user) {
		return nil, errStageFull
	}
	return m.seated(user, c.Name, c.Muted, InviteAccepted), nil
}

// maySit says who may take a seat without asking.
func (m moment) maySit(user id.User) bool {
	if m.OpenStage || m.roleOf(user) >= RoleModerator || slices.Contains(m.Speakers, user) || m.mustBeInvited() == nil {
		return true
	}
	a, _ := m.acquaintance(user)
	return m.now.Before(a.ReturnsUntil)
}

// hasRoom says whether a seat is free that is not kept for somebody else.
func (s Stage) hasRoom(user id.User) bool {
	kept := len(s.Invites)
	if _, invited := s.inviteOf(user); invited {
		kept--
	}
	return len(s.Seats)+kept < int(s.MaxSeats)
}

// seated answers what puts a person in the lowest free seat: invite and hand are over with it.
func (m moment) seated(user id.User, name string, muted bool, invite CloseReason) []Change {
	changes := append(m.inviteClosed(user, invite), m.lowered(user, LoweredSeated)...)
	before, _ := m.acquaintance(user)
	held := before.Held && !m.outranks(m.by, user)
	return append(changes, Seated{
		User: user, Seat: m.lowestFree(), Role: m.seatedRole(user), Muted: muted || held, Held: held, Name: Name{Plain: name},
	})
}

// SeatPerson seats a person without asking, muted.
type SeatPerson struct {
	User id.User
	Name string // may be empty
}

func (SeatPerson) kind() string          { return "seat_person" }
func (c SeatPerson) about(Actor) id.User { return c.User }

func (c SeatPerson) check() error {
	if err := checkUser(c.User); err != nil {
		return err
	}
	return checkText("name", c.Name, maxNameBytes)
}

func (c SeatPerson) decide(m moment) ([]Change, error) {
	if m.isRemoved(c.User) {
		return nil, errTheyAreRemoved
	}
	if _, seated := m.seatOf(c.User); seated {
		return nil, nil
	}
	if !m.hasRoom(c.User) {
		return nil, errStageFull
	}
	return m.seated(c.User, c.Name, true, InviteSeated), nil
}

// lowestFree may be above MaxSeats: then every seat is taken.
func (s Stage) lowestFree() uint32 {
	number := uint32(1)
	for _, seat := range s.Seats {
		if seat.Number > number {
			break
		}
		number = seat.Number + 1
	}
	return number
}

// Seated puts a person in a seat.
type Seated struct {
	User  id.User
	Seat  uint32
	Role  Role
	Muted bool
	Held  bool // as in the seat before
	Name  Name
}

func (c Seated) evolve(stage Stage, e Event) Stage {
	stage = stage.met(c.User, func(a *Acquaintance) { a.ReturnsUntil, a.Held = time.Time{}, false })
	seat := Seat{Number: c.Seat, User: c.User, Name: c.Name, Role: c.Role, Muted: c.Muted, Held: c.Held, AwaySince: e.WallTime}
	place, taken := slices.BinarySearchFunc(stage.Seats, c.Seat, func(seat Seat, number uint32) int {
		return int(seat.Number) - int(number)
	})
	if taken {
		return stage.withSeat(c.Seat, func(old *Seat) { *old = seat })
	}
	stage.Seats = slices.Insert(slices.Clip(slices.Clone(stage.Seats)), place, seat)
	return stage
}

// LeaveSeat unseats a person. Who has no seat stays without.
type LeaveSeat struct{ User id.User }

func (LeaveSeat) kind() string          { return "leave_seat" }
func (c LeaveSeat) about(Actor) id.User { return c.User }
func (c LeaveSeat) check() error        { return checkUser(c.User) }

func (c LeaveSeat) decide(m moment) ([]Change, error) {
	seat, seated := m.seatOf(c.User)
	if !seated {
		return nil, nil
	}
	reason := UnseatMoved
	if m.by.isPerson(c.User) {
		reason = UnseatLeft
	}
	return []Change{Unseated{User: c.User, Seat: seat.Number, Reason: reason}}, nil
}

// UnseatReason says why somebody is no longer on the stage; the numbers are those of the wire.
type UnseatReason uint8

const (
	UnseatLeft    UnseatReason = iota + 1
	UnseatMoved                // to the audience, by a moderator
	UnseatEnded                // the room is over
	UnseatRemoved              // from the room
	UnseatAway                 // no microphone for the grace time
)

// Unseated frees a seat.
type Unseated struct {
	User   id.User
	Seat   uint32
	Reason UnseatReason
}

func (c Unseated) evolve(stage Stage, e Event) Stage {
	seat, _ := stage.seatOf(c.User)
	stage.Seats = slices.DeleteFunc(slices.Clone(stage.Seats), func(seat Seat) bool { return seat.Number == c.Seat })
	return stage.met(c.User, func(a *Acquaintance) {
		a.Held, a.ReturnsUntil = seat.Held, time.Time{}
		if c.Reason == UnseatLeft || c.Reason == UnseatAway {
			a.ReturnsUntil = e.WallTime.Add(returnGrace)
		}
	})
}
