package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Role is what a person is on the stage; the numbers are those of the wire.
type Role uint8

const (
	RoleListener Role = iota + 1
	RoleSpeaker
	RoleModerator
	RoleHost
)

// Seat is a taken place on the stage. The microphone follows it.
type Seat struct {
	Number uint32 // from 1
	User   id.User
	Name   Name
	Role   Role
	Muted  bool
}

// TakeSeat seats the actor on the lowest free seat. Who has a seat keeps it as it is.
type TakeSeat struct {
	Name  string // may be empty
	Muted bool
}

func (TakeSeat) kind() string   { return "take_seat" }
func (c TakeSeat) check() error { return checkText("name", c.Name, maxNameBytes) }

func (c TakeSeat) decide(stage Stage, by Actor) ([]Change, error) {
	if err := stage.mustBeLive(); err != nil {
		return nil, err
	}
	if by.User == "" {
		return nil, fault.New(fault.CodeForbidden, "only people take seats")
	}
	if _, seated := stage.seatOf(by.User); seated {
		return nil, nil
	}
	if !stage.maySpeak(by.User) {
		return nil, fault.New(fault.CodeForbidden, "the stage is not open to you")
	}
	number := stage.lowestFree()
	if number > stage.MaxSeats {
		return nil, fault.New(fault.CodeStageFull, "every seat is taken")
	}
	role := RoleSpeaker
	if by.User == stage.Host {
		role = RoleHost
	}
	return []Change{Seated{User: by.User, Seat: number, Role: role, Muted: c.Muted, Name: Name{Plain: c.Name}}}, nil
}

func (s Stage) maySpeak(user id.User) bool {
	return s.OpenStage || user == s.Host || slices.Contains(s.Speakers, user)
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
	Name  Name
}

func (e Seated) evolve(stage Stage, _ time.Time) Stage {
	seat := Seat{Number: e.Seat, User: e.User, Name: e.Name, Role: e.Role, Muted: e.Muted}
	place, taken := slices.BinarySearchFunc(stage.Seats, e.Seat, func(seat Seat, number uint32) int {
		return int(seat.Number) - int(number)
	})
	if taken {
		return stage.withSeat(e.Seat, func(old *Seat) { *old = seat })
	}
	stage.Seats = slices.Insert(slices.Clip(slices.Clone(stage.Seats)), place, seat)
	return stage
}

// LeaveSeat unseats a person: oneself, or anyone for the host. Who has no seat stays without.
type LeaveSeat struct{ User id.User }

func (LeaveSeat) kind() string { return "leave_seat" }

func (c LeaveSeat) check() error {
	_, err := id.ParseUser(string(c.User))
	return err
}

func (c LeaveSeat) decide(stage Stage, by Actor) ([]Change, error) {
	if err := stage.mustBeLive(); err != nil {
		return nil, err
	}
	reason := UnseatLeft
	if !by.isPerson(c.User) {
		if !by.isPerson(stage.Host) {
			return nil, fault.New(fault.CodeForbidden, "only the host may move others to the audience")
		}
		reason = UnseatMoved
	}
	seat, seated := stage.seatOf(c.User)
	if !seated {
		return nil, nil
	}
	return []Change{Unseated{User: c.User, Seat: seat.Number, Reason: reason}}, nil
}

// UnseatReason says why somebody is no longer on the stage; the numbers are those of the wire.
type UnseatReason uint8

const (
	UnseatLeft  UnseatReason = iota + 1
	UnseatMoved              // to the audience, by the host
	UnseatEnded              // the room is over
)

// Unseated frees a seat.
type Unseated struct {
	User   id.User
	Seat   uint32
	Reason UnseatReason
}

func (e Unseated) evolve(stage Stage, _ time.Time) Stage {
	stage.Seats = slices.DeleteFunc(slices.Clone(stage.Seats), func(seat Seat) bool { return seat.Number == e.Seat })
	return stage
}
