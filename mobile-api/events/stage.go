package events

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

const (
	roleHost      = "host"
	roleModerator = "moderator"
	roleSpeaker   = "speaker"
	roleListener  = "listener"

	stateLive  = "live"
	stateEnded = "ended"

	modeClosed = "closed"
)

// view is what part of a stage somebody sees.
type view uint8

const (
	viewPerson view = iota
	viewModerator
	views
)

func (v view) String() string {
	if v == viewModerator {
		return "moderator"
	}
	return "person"
}

// stage is the fold of a room's log, as far as the protocol shows it. One goroutine owns it.
type stage struct {
	at         position
	state      string
	title      string
	host       string
	moderators []string // sorted
	handMode   string
	openStage  bool
	maxSeats   uint32
	seats      []wireSeat // rising by number
	hands      queue
	invites    []wireInvite // in the order of their making
	removed    []string     // sorted
	enforced   position
}

// apply changes the stage by one event.
func (s *stage) apply(e event) {
	s.at = e.at
	switch e.kind {
	case seated:
		s.sit(e.taken)
	case unseated:
		s.seats = slices.DeleteFunc(s.seats, func(seat wireSeat) bool { return seat.Seat == e.seat })
	case muted, unmuted, held, released, mediaLost, mediaFound:
		s.applySeat(e)
	case appointed:
		s.moderators = with(s.moderators, e.user)
		s.setRole(e.user, roleModerator)
	case dismissed:
		s.moderators = without(s.moderators, e.user)
		s.setRole(e.user, roleSpeaker)
	case handModeSet:
		s.handMode = e.mode
		if e.mode == modeClosed {
			s.hands.lowerAll()
		}
	case allHandsLowered:
		s.hands.lowerAll()
	case handRaised:
		s.hands.raise(wireHand{User: e.user, Name: e.name, Note: e.note, Order: e.at.Offset, RaisedAt: e.time})
	case handLowered:
		s.hands.lower(e.user)
	case handAbsent, handPresent:
		if hand := s.hands.of[e.user]; hand != nil {
			hand.Absent = e.kind == handAbsent
		}
	case invited:
		s.uninvite(e.user)
		s.invites = append(s.invites, wireInvite{e.user, e.name, e.by, e.expires})
	case inviteClosed:
		s.uninvite(e.user)
	case removed:
		s.removed = with(s.removed, e.user)
	case readmitted:
		s.removed = without(s.removed, e.user)
	case roomEnded:
		s.state, s.seats, s.invites = stateEnded, nil, nil
		s.hands.lowerAll()
	}
}

func (s *stage) sit(taken wireSeat) {
	s.seats = slices.DeleteFunc(s.seats, func(seat wireSeat) bool { return seat.Seat == taken.Seat })
	i, _ := slices.BinarySearchFunc(s.seats, taken, func(a, b wireSeat) int { return cmp.Compare(a.Seat, b.Seat) })
	s.seats = slices.Insert(s.seats, i, taken)
}

func (s *stage) applySeat(e event) {
	i := slices.IndexFunc(s.seats, func(seat wireSeat) bool { return seat.Seat == e.seat })
	if i < 0 {
		return
	}
	seat := &s.seats[i]
	switch e.kind {
	case muted:
		seat.Muted = true
	case unmuted:
		seat.Muted = false
	case held:
		seat.Muted, seat.Held = true, true
	case released:
		seat.Held = false
	case mediaLost:
		seat.Away = true
	case mediaFound:
		seat.Away = false
	}
}

func (s *stage) setRole(user, role string) {
	for i := range s.seats {
		if s.seats[i].User == user {
			s.seats[i].Role = role
		}
	}
}

func (s *stage) uninvite(user string) {
	s.invites = slices.DeleteFunc(s.invites, func(invite wireInvite) bool { return invite.User == user })
}

// roleOf answers what a person is, and the number of the seat, 0 for none.
func (s *stage) roleOf(user string) (string, uint32) {
	role, number := roleListener, uint32(0)
	if i := slices.IndexFunc(s.seats, func(seat wireSeat) bool { return seat.User == user }); i >= 0 {
		role, number = roleSpeaker, s.seats[i].Seat
	}
	if user == s.host {
		role = roleHost
	} else if _, found := slices.BinarySearch(s.moderators, user); found {
		role = roleModerator
	}
	return role, number
}

// viewOf answers what a person may see.
func (s *stage) viewOf(user string) view {
	if role, _ := s.roleOf(user); role == roleHost || role == roleModerator {
		return viewModerator
	}
	return viewPerson
}

// concerns says whether there is anything of a person on the stage.
func (s *stage) concerns(user string) bool {
	role, _ := s.roleOf(user)
	return role != roleListener || s.hands.of[user] != nil || s.inviteOf(user) != nil
}

func (s *stage) inviteOf(user string) *wireInvitation {
	for _, invite := range s.invites {
		if invite.User == user {
			return &wireInvitation{invite.By, invite.ExpiresAt}
		}
	}
	return nil
}

func (s *stage) you(user string) wireYou {
	role, seat := s.roleOf(user)
	return wireYou{role, seat, s.hands.place(user), s.inviteOf(user)}
}

// encode writes the stage as a snapshot has it.
func (s *stage) encode(v view) ([]byte, error) {
	wire := wireStage{
		View: v.String(), State: s.state, Title: s.title, Host: s.host, Moderators: s.moderators, HandMode: s.handMode,
		OpenStage: s.openStage, MaxSeats: s.maxSeats, HandCount: s.hands.len(), Seats: append([]wireSeat{}, s.seats...),
	}
	if s.enforced != (position{}) {
		wire.Enforced = &s.enforced
	}
	if v == viewModerator {
		wire.Hands = make([]wireHand, 0, s.hands.len())
		for hand := range s.hands.all() {
			wire.Hands = append(wire.Hands, *hand)
		}
		wire.Invites, wire.Removed = append([]wireInvite{}, s.invites...), s.removed
	}
	text, err := json.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode stage: %w", err)
	}
	return text, nil
}

// with adds to a sorted list, and without takes out of one.
func with(list []string, user string) []string {
	i, found := slices.BinarySearch(list, user)
	if found {
		return list
	}
	return slices.Insert(list, i, user)
}

func without(list []string, user string) []string {
	i, found := slices.BinarySearch(list, user)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}
