package listenerstate

import (
	"slices"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Role is what a person is on the stage; the numbers are those of the wire, and a higher one outranks a lower.
type Role uint8

// A speaker has a seat and no powers; powers follow the role, seated or not.
const (
	RoleListener Role = iota + 1
	RoleSpeaker
	RoleModerator
	RoleHost
)

// mostModerators bounds the people with powers beside the host.
const mostModerators = 50

// roleOf answers what a person is. Whom the stage does not know is a listener.
func (s Stage) roleOf(user id.User) Role {
	if user == s.Host {
		return RoleHost
	}
	if _, found := slices.BinarySearch(s.Moderators, user); found {
		return RoleModerator
	}
	if _, seated := s.seatOf(user); seated {
		return RoleSpeaker
	}
	return RoleListener
}

// seatedRole answers what a person is in a seat.
func (s Stage) seatedRole(user id.User) Role { return max(s.roleOf(user), RoleSpeaker) }

// outranks says whether an actor may end what a moderator imposed on a person: those who could have imposed it.
func (s Stage) outranks(by Actor, user id.User) bool {
	return by.User != "" && s.roleOf(by.User) > s.roleOf(user) && s.roleOf(by.User) >= RoleModerator
}

// Appoint makes a person a moderator.
type Appoint struct{ User id.User }

func (Appoint) kind() string          { return "appoint" }
func (c Appoint) about(Actor) id.User { return c.User }
func (c Appoint) check() error        { return checkUser(c.User) }
func (c Appoint) decide(m moment) ([]Change, error) {
	if m.isRemoved(c.User) {
		return nil, errTheyAreRemoved
	}
	if m.roleOf(c.User) >= RoleModerator {
		return nil, nil
	}
	if len(m.Moderators) >= mostModerators {
		return nil, fault.New(fault.CodeConflict, "a room has at most 50 moderators; dismiss one first")
	}
	return []Change{Appointed(c)}, nil
}

// Dismiss ends a moderator's powers.
type Dismiss struct{ User id.User }

func (Dismiss) kind() string          { return "dismiss" }
func (c Dismiss) about(Actor) id.User { return c.User }
func (c Dismiss) check() error        { return checkUser(c.User) }
func (c Dismiss) decide(m moment) ([]Change, error) {
	if m.roleOf(c.User) != RoleModerator {
		return nil, nil
	}
	return []Change{Dismissed(c)}, nil
}

// Appointed gives a person a moderator's powers.
type Appointed struct{ User id.User }

func (c Appointed) evolve(stage Stage, _ Event) Stage {
	stage.Moderators = withUser(stage.Moderators, c.User)
	return stage.withRole(c.User)
}

// Dismissed takes a moderator's powers.
type Dismissed struct{ User id.User }

func (c Dismissed) evolve(stage Stage, _ Event) Stage {
	stage.Moderators = withoutUser(stage.Moderators, c.User)
	return stage.withRole(c.User)
}

// withRole writes a person's role to the seat, where there is one.
func (s Stage) withRole(user id.User) Stage {
	seat, seated := s.seatOf(user)
	if !seated {
		return s
	}
	role := s.seatedRole(user)
	return s.withSeat(seat.Number, func(seat *Seat) { seat.Role = role })
}

// withUser answers a sorted list with a person in it; the list before stays as it is.
func withUser(users []id.User, user id.User) []id.User {
	place, found := slices.BinarySearch(users, user)
	if found {
		return users
	}
	return slices.Insert(slices.Clone(users), place, user)
}

func withoutUser(users []id.User, user id.User) []id.User {
	place, found := slices.BinarySearch(users, user)
	if !found {
		return users
	}
	return slices.Delete(slices.Clone(users), place, place+1)
}
