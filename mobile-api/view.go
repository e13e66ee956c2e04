package mobileapi

import (
	"slices"
	"time"

	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// maxHands is how many hands a moderator is shown at once.
const maxHands = 1000

// wireStage is Stage of openapi.yaml, with the names of docs/protocol.md section 10.2. What only moderators see is nil in
// the view of others.
type wireStage struct {
	View       string        `json:"view"`
	State      string        `json:"state"`
	Title      string        `json:"title"`
	Host       string        `json:"host"`
	Moderators []string      `json:"moderators"`
	HandMode   string        `json:"hand_mode"`
	OpenStage  bool          `json:"open_stage"`
	MaxSeats   uint32        `json:"max_seats"`
	HandCount  uint32        `json:"hand_count"`
	Enforced   *wirePosition `json:"enforced"`
	Seats      []wireSeat    `json:"seats"`
	Hands      []wireHand    `json:"hands,omitzero"`
	Invites    []wirePending `json:"invites,omitzero"`
	Removed    []string      `json:"removed,omitzero"`
}

type wireHand struct {
	User     string     `json:"user"`
	Name     string     `json:"name"`
	Note     string     `json:"note"`
	Order    uint64     `json:"order"`
	RaisedAt *time.Time `json:"raised_at"`
	Absent   bool       `json:"absent"`
}

type wirePending struct {
	User      string     `json:"user"`
	Name      string     `json:"name"`
	By        string     `json:"by"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// wireYou is You of openapi.yaml.
type wireYou struct {
	Role   string      `json:"role"`
	Seat   uint32      `json:"seat"`
	Place  uint32      `json:"place"`
	Invite *wireInvite `json:"invite"`
}

type wireInvite struct {
	By        string     `json:"by"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// viewFrom draws a stage as a person may see it, or as nobody in particular does.
func viewFrom(s *listenerstatev1.Stage, viewer id.User) wireStage {
	view := wireStage{
		View: "person", State: stateFrom(s.GetState()), Title: s.GetTitle(), Host: s.GetHost(),
		Moderators: append([]string{}, s.GetModerators()...), HandMode: handModeFrom(s.GetHandMode()),
		OpenStage: s.GetOpenStage(), MaxSeats: s.GetMaxSeats(), HandCount: s.GetHandCount(), Seats: seatsFrom(s),
	}
	if s.GetEnforced() != nil {
		at := positionFrom(s.GetEnforced())
		view.Enforced = &at
	}
	if !moderates(s, viewer) {
		return view
	}
	view.View, view.Removed = "moderator", append([]string{}, s.GetRemoved()...)
	view.Hands, view.Invites = []wireHand{}, []wirePending{}
	for _, hand := range s.GetHands()[:min(len(s.GetHands()), maxHands)] {
		view.Hands = append(view.Hands, wireHand{
			hand.GetUser(), hand.GetName(), hand.GetNote(), hand.GetOrder(), timeFrom(hand.GetRaisedAt()), hand.GetAbsentSince() != nil,
		})
	}
	for _, invite := range s.GetInvites() {
		view.Invites = append(view.Invites, wirePending{
			invite.GetUser(), invite.GetName(), invite.GetBy(), timeFrom(invite.GetExpiresAt()),
		})
	}
	return view
}

// youFrom is what a stage says of a person; nil where there is no stage, or nobody in particular.
func youFrom(s *listenerstatev1.Stage, place uint32, user id.User) *wireYou {
	if s == nil || user == "" {
		return nil
	}
	you := &wireYou{Role: roleFrom(roleOf(s, user)), Seat: seatOf(s, user).GetSeat(), Place: place}
	for _, invite := range s.GetInvites() {
		if invite.GetUser() == string(user) {
			you.Invite = &wireInvite{invite.GetBy(), timeFrom(invite.GetExpiresAt())}
		}
	}
	return you
}

func roleOf(s *listenerstatev1.Stage, user id.User) listenv1.Role {
	switch {
	case user == "":
		return listenv1.Role_ROLE_LISTENER
	case s.GetHost() == string(user):
		return listenv1.Role_ROLE_HOST
	case slices.Contains(s.GetModerators(), string(user)):
		return listenv1.Role_ROLE_MODERATOR
	case seatOf(s, user) != nil:
		return listenv1.Role_ROLE_SPEAKER
	}
	return listenv1.Role_ROLE_LISTENER
}

func moderates(s *listenerstatev1.Stage, user id.User) bool {
	return roleOf(s, user) >= listenv1.Role_ROLE_MODERATOR
}

func seatOf(s *listenerstatev1.Stage, user id.User) *listenv1.Seat {
	for _, seat := range s.GetSeats() {
		if seat.GetUser() == string(user) {
			return seat
		}
	}
	return nil
}

func handModeFrom(mode listenv1.HandMode) string {
	switch mode {
	case listenv1.HandMode_HAND_MODE_INVITED:
		return "invited"
	case listenv1.HandMode_HAND_MODE_CLOSED:
		return "closed"
	}
	return "open"
}
