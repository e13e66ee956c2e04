package stage

import (
	"cmp"
	"slices"

	"rostrum/client/api"
)

// fold is a stage that events change in place: what it holds is nobody else's.
type fold struct {
	Stage
}

// newFold begins with a snapshot.
func newFold(s Stage) fold {
	s = s.clone()
	if s.Seats == nil {
		s.Seats = []api.Seat{}
	}
	s.changed = make(map[int]api.Position, len(s.Seats))
	for _, seat := range s.Seats {
		s.changed[seat.Seat] = s.Position
	}
	return fold{s}
}

// apply changes the stage by one event. Events of unknown kinds only move the position.
func (f *fold) apply(e Event) {
	f.Position = e.Position
	switch e.Kind {
	case Seated, Unseated, Muted, Unmuted, Held, Released, MediaFound, MediaLost:
		f.applySeat(e)
	case HandRaised, HandLowered, HandAbsent, HandPresent:
		f.applyHand(e)
	case Invited, InviteClosed:
		f.applyInvite(e)
	case AllHandsLowered:
		f.lowerAll()
	case HandModeSet:
		f.HandMode = e.Mode
		if e.Mode == api.HandsClosed {
			f.lowerAll()
		}
	case Appointed:
		f.Moderators = with(f.Moderators, e.User)
		f.setRole(e.User, "moderator")
	case Dismissed:
		f.Moderators = without(f.Moderators, e.User)
		f.setRole(e.User, "speaker")
	case Removed, Readmitted:
		f.applyRemoval(e)
	case RoomEnded:
		f.State, f.Seats, f.Invites, f.You.Seat, f.You.Invite = "ended", []api.Seat{}, nil, 0, nil
		f.lowerAll()
	}
	f.You.Role = f.roleOfMine()
}

// applyRemoval keeps the list that only moderators have; others hear of it where it is about themselves.
func (f *fold) applyRemoval(e Event) {
	switch {
	case f.View != api.ModeratorView:
	case e.Kind == Removed:
		f.Removed = with(f.Removed, e.User)
	default:
		f.Removed = without(f.Removed, e.User)
	}
}

func (f *fold) applySeat(e Event) {
	i := slices.IndexFunc(f.Seats, func(s api.Seat) bool { return s.Seat == e.Seat })
	if e.Kind == Seated {
		f.take(e, i)
		return
	}
	if i < 0 {
		return
	}
	seat := &f.Seats[i]
	switch e.Kind {
	case Unseated:
		if seat.User == f.You.User {
			f.You.Seat = 0
		}
		f.Seats = slices.Delete(f.Seats, i, i+1)
	case Muted:
		seat.Muted, f.changed[e.Seat] = true, e.Position
	case Unmuted:
		seat.Muted, f.changed[e.Seat] = false, e.Position
	case Held:
		seat.Muted, seat.Held, f.changed[e.Seat] = true, true, e.Position
	case Released:
		seat.Held = false
	case MediaFound:
		seat.Away = false
	case MediaLost:
		seat.Away = true
	}
}

// take puts a person on a seat; i is its index, or below 0.
func (f *fold) take(e Event, i int) {
	if e.Taken == nil {
		return
	}
	seat := *e.Taken
	f.changed[seat.Seat] = e.Position
	if i >= 0 {
		f.Seats[i] = seat
	} else {
		f.Seats = append(f.Seats, seat)
		slices.SortFunc(f.Seats, func(a, b api.Seat) int { return cmp.Compare(a.Seat, b.Seat) })
	}
	if seat.User == f.You.User {
		f.You.Seat = seat.Seat
	}
}

func (f *fold) applyHand(e Event) {
	i := f.PlaceOf(e.User) - 1
	switch {
	case e.Kind == HandRaised && f.View == api.ModeratorView:
		f.raise(e, i)
	case e.Kind == HandLowered:
		if i >= 0 {
			f.Hands = slices.Delete(f.Hands, i, i+1)
		}
		if e.User == f.You.User {
			f.You.Place = 0
		}
		if f.View == api.ModeratorView {
			f.HandCount = max(0, f.HandCount-1) // counted, since a snapshot may not have all hands
		}
	case i >= 0:
		f.Hands[i].Absent = e.Kind == HandAbsent
	}
}

// raise puts a hand where its order says; i is the index of the person's hand, or below 0.
func (f *fold) raise(e Event, i int) {
	if i >= 0 {
		f.Hands = slices.Delete(f.Hands, i, i+1)
	} else {
		f.HandCount++
	}
	f.Hands = append(f.Hands, api.Hand{User: e.User, Name: e.Name, Note: e.Note, Order: e.Order, RaisedAt: e.RaisedAt})
	if n := len(f.Hands); n > 1 && f.Hands[n-2].Order > e.Order {
		slices.SortFunc(f.Hands, func(a, b api.Hand) int { return cmp.Compare(a.Order, b.Order) })
	}
}

func (f *fold) lowerAll() {
	f.Hands, f.HandCount, f.You.Place = nil, 0, 0
}

func (f *fold) applyInvite(e Event) {
	mine := e.User == f.You.User
	if mine {
		f.You.Invite = nil
	}
	f.Invites = slices.DeleteFunc(f.Invites, func(i api.Invite) bool { return i.User == e.User })
	if e.Kind != Invited {
		return
	}
	if mine {
		f.You.Invite = &api.Invitation{By: e.By, ExpiresAt: e.ExpiresAt}
	}
	if f.View == api.ModeratorView {
		f.Invites = append(f.Invites, api.Invite{User: e.User, Name: e.Name, By: e.By, ExpiresAt: e.ExpiresAt})
	}
}

func (f *fold) setRole(user, role string) {
	for i := range f.Seats {
		if f.Seats[i].User == user {
			f.Seats[i].Role = role
		}
	}
}

// place takes what the gateway counted.
func (f *fold) place(p Place) {
	f.You.Place = p.Place
	f.HandCount = p.Of
}

// enforce takes the newest report of the SFU and says whether it was one.
func (f *fold) enforce(p api.Position) bool {
	if f.Enforced != nil && !p.After(*f.Enforced) {
		return false
	}
	f.Enforced = &p
	return true
}

func (f *fold) roleOfMine() string {
	switch {
	case f.You.User == f.Host:
		return "host"
	case slices.Contains(f.Moderators, f.You.User):
		return "moderator"
	case f.You.Seat > 0:
		return "speaker"
	}
	return "listener"
}

// with adds to a sorted list.
func with(list []string, user string) []string {
	i, found := slices.BinarySearch(list, user)
	if found {
		return list
	}
	return slices.Insert(list, i, user)
}

func without(list []string, user string) []string {
	return slices.DeleteFunc(list, func(other string) bool { return other == user })
}
