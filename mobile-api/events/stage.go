package events

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"rostrum/mobile-api/view"
)

// stage is the fold of a room's log, as far as the protocol shows it. One goroutine owns it.
type stage struct {
	at    view.Position
	shown view.Stage // without hands; moderators and removed are sorted, seats rise by number
	hands queue
}

// enforced is up to where the SFU does what the stage says; zero: not known.
func (s *stage) enforced() view.Position {
	if s.shown.Enforced == nil {
		return view.Position{}
	}
	return *s.shown.Enforced
}

// apply changes the stage by one event.
func (s *stage) apply(e event) {
	s.at = e.at
	switch e.kind {
	case seated:
		s.sit(e.taken)
	case unseated:
		s.shown.Seats = slices.DeleteFunc(s.shown.Seats, func(seat view.Seat) bool { return seat.Seat == e.seat })
	case muted, unmuted, held, released, mediaLost, mediaFound:
		s.applySeat(e)
	case appointed:
		s.shown.Moderators = with(s.shown.Moderators, e.user)
		s.setRole(e.user, view.RoleModerator)
	case dismissed:
		s.shown.Moderators = without(s.shown.Moderators, e.user)
		s.setRole(e.user, view.RoleSpeaker)
	case handModeSet:
		s.shown.HandMode = e.mode
		if e.mode == view.HandsClosed {
			s.hands.lowerAll()
		}
	case allHandsLowered:
		s.hands.lowerAll()
	case handRaised:
		s.hands.raise(view.Hand{User: e.user, Name: e.name, Note: e.note, Order: e.at.Offset, RaisedAt: e.time})
	case handLowered:
		s.hands.lower(e.user)
	case handAbsent, handPresent:
		if hand := s.hands.of[e.user]; hand != nil {
			hand.Absent = e.kind == handAbsent
		}
	case invited:
		s.uninvite(e.user)
		s.shown.Invites = append(s.shown.Invites, view.Invite{User: e.user, Name: e.name, By: e.by, ExpiresAt: e.expires})
	case inviteClosed:
		s.uninvite(e.user)
	case removed:
		s.shown.Removed = with(s.shown.Removed, e.user)
	case readmitted:
		s.shown.Removed = without(s.shown.Removed, e.user)
	case roomEnded:
		s.shown.State, s.shown.Seats, s.shown.Invites = view.StateEnded, []view.Seat{}, []view.Invite{}
		s.hands.lowerAll()
	}
}

func (s *stage) sit(taken view.Seat) {
	s.shown.Seats = slices.DeleteFunc(s.shown.Seats, func(seat view.Seat) bool { return seat.Seat == taken.Seat })
	i, _ := slices.BinarySearchFunc(s.shown.Seats, taken, func(a, b view.Seat) int { return cmp.Compare(a.Seat, b.Seat) })
	s.shown.Seats = slices.Insert(s.shown.Seats, i, taken)
}

func (s *stage) applySeat(e event) {
	i := slices.IndexFunc(s.shown.Seats, func(seat view.Seat) bool { return seat.Seat == e.seat })
	if i < 0 {
		return
	}
	seat := &s.shown.Seats[i]
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
	for i := range s.shown.Seats {
		if s.shown.Seats[i].User == user {
			s.shown.Seats[i].Role = role
		}
	}
}

func (s *stage) uninvite(user string) {
	s.shown.Invites = slices.DeleteFunc(s.shown.Invites, func(invite view.Invite) bool { return invite.User == user })
}

// concerns says whether there is anything of a person on the stage.
func (s *stage) concerns(user string) bool {
	role, _ := s.shown.RoleOf(user)
	return role != view.RoleListener || s.hands.of[user] != nil || s.shown.InvitationOf(user) != nil
}

func (s *stage) you(user string) view.You { return s.shown.You(user, s.hands.place(user)) }

// encode writes the stage as a snapshot has it.
func (s *stage) encode(to view.Viewer) ([]byte, error) {
	whole := s.shown
	whole.HandCount = s.hands.len()
	if to == view.Moderator { // a queue can be long: it is listed for those who may see it
		whole.Hands = make([]view.Hand, 0, s.hands.len())
		for hand := range s.hands.all() {
			whole.Hands = append(whole.Hands, *hand)
		}
	}
	text, err := json.Marshal(whole.For(to))
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
