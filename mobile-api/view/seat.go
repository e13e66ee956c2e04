package view

import (
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Seat is a place on the stage, and who has it.
type Seat struct {
	Seat  uint32 `json:"seat"` // from 1
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Muted bool   `json:"muted"`
	Held  bool   `json:"held"`
	Away  bool   `json:"away"`
}

// SeatsFrom is never nil, so that JSON has a list.
func SeatsFrom(wire []*listenv1.Seat) []Seat {
	seats := make([]Seat, 0, len(wire))
	for _, s := range wire {
		seats = append(seats, Seat{
			s.GetSeat(), s.GetUser(), s.GetName(), RoleFrom(s.GetRole()), s.GetMuted(), s.GetHeld(), s.GetAway(),
		})
	}
	return seats
}
