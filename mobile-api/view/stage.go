// Package view owns how a stage looks to people: the JSON of its seats, hands and invites and of who you are, and which of
// it a moderator or another person may see.
//
// It is one form for HTTP (openapi.yaml) and for the events socket (docs/protocol.md section 10.2). Its stages are drawn from
// those of the stage log; it decides nothing about them.
package view

import (
	"slices"

	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// Stage is everything that is shown of a stage. Lists are never nil where they are shown.
type Stage struct {
	View       string    `json:"view"`
	State      string    `json:"state"`
	Title      string    `json:"title"`
	Host       string    `json:"host"`
	Moderators []string  `json:"moderators"`
	HandMode   string    `json:"hand_mode"`
	OpenStage  bool      `json:"open_stage"`
	MaxSeats   uint32    `json:"max_seats"`
	HandCount  int       `json:"hand_count"`
	Enforced   *Position `json:"enforced"` // nil: no report yet
	Seats      []Seat    `json:"seats"`

	// shown to moderators; nil for others
	Hands   []Hand   `json:"hands,omitzero"`
	Invites []Invite `json:"invites,omitzero"` // in the order of their making
	Removed []string `json:"removed,omitzero"`
}

// StageFrom draws everything but the hands: they can be many, and how many are shown is the caller's to say.
func StageFrom(wire *listenerstatev1.Stage) Stage {
	s := Stage{
		State: StateFrom(wire.GetState()), Title: wire.GetTitle(), Host: wire.GetHost(),
		Moderators: append([]string{}, wire.GetModerators()...), HandMode: HandModeFrom(wire.GetHandMode()),
		OpenStage: wire.GetOpenStage(), MaxSeats: wire.GetMaxSeats(), HandCount: int(wire.GetHandCount()),
		Seats: SeatsFrom(wire.GetSeats()), Invites: invitesFrom(wire.GetInvites()),
		Removed: append([]string{}, wire.GetRemoved()...),
	}
	if at := PositionFrom(wire.GetEnforced()); at != (Position{}) {
		s.Enforced = &at
	}
	return s
}

// For is the part of a stage that a viewer may see. It shares its lists with s.
func (s Stage) For(v Viewer) Stage {
	s.View = v.String()
	if v != Moderator {
		s.Hands, s.Invites, s.Removed = nil, nil, nil
	}
	return s
}

// ViewerOf says as whom a person sees the stage.
func (s *Stage) ViewerOf(user string) Viewer {
	if role, _ := s.RoleOf(user); role == RoleHost || role == RoleModerator {
		return Moderator
	}
	return Person
}

// RoleOf is what a person is, and the number of the seat, 0 for none. Nobody in particular, "", is a listener.
func (s *Stage) RoleOf(user string) (role string, seat uint32) {
	if user == "" {
		return RoleListener, 0
	}
	role = RoleListener
	if i := slices.IndexFunc(s.Seats, func(taken Seat) bool { return taken.User == user }); i >= 0 {
		role, seat = RoleSpeaker, s.Seats[i].Seat
	}
	if user == s.Host {
		role = RoleHost
	} else if slices.Contains(s.Moderators, user) {
		role = RoleModerator
	}
	return role, seat
}
