package listenerstate

import (
	"slices"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// mostRemoved bounds the people whom one room keeps out.
const mostRemoved = 10_000

var errTheyAreRemoved = fault.New(fault.CodeRemoved, "this person was removed from the room; readmit them first")

// Remove takes a person's seat, hand, invite and powers, and keeps them from all of these until readmitted.
type Remove struct{ User id.User }

func (Remove) kind() string          { return "remove" }
func (c Remove) about(Actor) id.User { return c.User }
func (c Remove) check() error        { return checkUser(c.User) }

func (c Remove) decide(m moment) ([]Change, error) {
	if m.isRemoved(c.User) {
		return nil, nil
	}
	if len(m.Removed) >= mostRemoved {
		return nil, fault.New(fault.CodeConflict, "10,000 people are kept out already")
	}
	changes := m.goneFrom(c.User, UnseatRemoved, LoweredRemoved, InviteRemoved)
	if m.roleOf(c.User) == RoleModerator {
		changes = append(changes, Dismissed(c))
	}
	return append(changes, Removed(c)), nil
}

// goneFrom answers what gives up all that a person has on the stage.
func (s Stage) goneFrom(user id.User, unseat UnseatReason, lower LowerReason, invite CloseReason) []Change {
	var changes []Change
	if seat, seated := s.seatOf(user); seated {
		changes = append(changes, Unseated{User: user, Seat: seat.Number, Reason: unseat})
	}
	changes = append(changes, s.lowered(user, lower)...)
	return append(changes, s.inviteClosed(user, invite)...)
}

// Readmit lets a removed person come back.
type Readmit struct{ User id.User }

func (Readmit) kind() string          { return "readmit" }
func (c Readmit) about(Actor) id.User { return c.User }
func (c Readmit) check() error        { return checkUser(c.User) }

func (c Readmit) decide(m moment) ([]Change, error) {
	if !m.isRemoved(c.User) {
		return nil, nil
	}
	return []Change{Readmitted(c)}, nil
}

func (s Stage) isRemoved(user id.User) bool {
	_, found := slices.BinarySearch(s.Removed, user)
	return found
}

// Removed keeps a person out.
type Removed struct{ User id.User }

func (c Removed) evolve(stage Stage, _ Event) Stage {
	stage.Removed = withUser(stage.Removed, c.User)
	stage.Acquaintances = stage.withoutAcquaintance(c.User)
	return stage
}

// Readmitted lets a person in again.
type Readmitted struct{ User id.User }

func (c Readmitted) evolve(stage Stage, _ Event) Stage {
	stage.Removed = withoutUser(stage.Removed, c.User)
	return stage
}
