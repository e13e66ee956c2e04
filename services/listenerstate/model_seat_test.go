package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// full says whether there is no seat for a person: taken ones and those kept for other people are all.
func (m *model) full(user id.User) bool {
	seats := 0
	for other, p := range m.people {
		if p.seat > 0 || other != user && !p.invitedUntil.IsZero() {
			seats++
		}
	}
	return seats >= m.maxSeats
}

func (m *model) takeSeat(user id.User, c TakeSeat, now time.Time) ([]Change, fault.Code) {
	p := m.of(user)
	mayTake := m.open || m.rank(user) >= 3 || p.listed || now.Before(p.mayReturn) || now.Before(p.invitedUntil)
	switch {
	case p.seat > 0:
		return nil, ""
	case !mayTake:
		return nil, fault.CodeForbidden
	case m.full(user):
		return nil, fault.CodeStageFull
	}
	return m.sit(user, c.Name, c.Muted || p.heldOutside, p.heldOutside, InviteAccepted, now), ""
}

func (m *model) accept(user id.User, c AcceptInvite, now time.Time) ([]Change, fault.Code) {
	p := m.of(user)
	if p.seat > 0 {
		return nil, ""
	}
	if code := m.uninvited(user, now); code != "" {
		return nil, code
	}
	return m.sit(user, c.Name, c.Muted || p.heldOutside, p.heldOutside, InviteAccepted, now), ""
}

func (m *model) seatPerson(by Actor, c SeatPerson, now time.Time) ([]Change, fault.Code) {
	switch p := m.of(c.User); {
	case p.removed:
		return nil, fault.CodeRemoved
	case p.seat > 0:
		return nil, ""
	case m.full(c.User):
		return nil, fault.CodeStageFull
	}
	held := m.of(c.User).heldOutside && m.rank(by.User) <= m.rank(c.User)
	return m.sit(c.User, c.Name, true, held, InviteSeated, now), ""
}

// sit gives the lowest free seat.
func (m *model) sit(user id.User, name string, muted, held bool, why CloseReason, now time.Time) []Change {
	happened := append(m.closeInvite(user, why), m.lower(user, LoweredSeated)...)
	number := uint32(1)
	for m.sitter(number) != "" {
		number++
	}
	p := m.of(user)
	p.seat, p.name, p.muted, p.held, p.session, p.away = number, name, muted, held, "", now
	p.known, p.mayReturn, p.heldOutside = true, time.Time{}, false
	return append(happened, Seated{User: user, Seat: number, Role: Role(m.rank(user)), Muted: muted, Held: held, Name: Name{Plain: name}})
}

func (m *model) sitter(number uint32) id.User {
	for user, p := range m.people {
		if p.seat == number {
			return user
		}
	}
	return ""
}

func (m *model) unseat(user id.User, why UnseatReason, now time.Time) []Change {
	p := m.of(user)
	if p.seat == 0 {
		return nil
	}
	happened := []Change{Unseated{user, p.seat, why}}
	p.heldOutside, p.seat, p.muted, p.held, p.away = p.held, 0, false, false, time.Time{}
	if why == UnseatLeft || why == UnseatAway {
		p.mayReturn = now.Add(30 * time.Second)
	}
	return happened
}

// clear takes what a person has on the stage.
func (m *model) clear(user id.User, seat UnseatReason, hand LowerReason, invite CloseReason, now time.Time) []Change {
	happened := append(m.unseat(user, seat, now), m.lower(user, hand)...)
	return append(happened, m.closeInvite(user, invite)...)
}

func (m *model) microphone(command Command) ([]Change, fault.Code) {
	var user id.User
	switch c := command.(type) {
	case Mute:
		user = c.User
	case Unmute:
		user = c.User
	case Hold:
		user = c.User
	case Release:
		user = c.User
	}
	p := m.of(user)
	if p.seat == 0 {
		return nil, fault.CodeNotSeated
	}
	switch command.(type) {
	case Mute:
		if !p.muted {
			p.muted = true
			return []Change{Muted{user, p.seat}}, ""
		}
	case Unmute:
		if p.held {
			return nil, fault.CodeHeld
		}
		if p.muted {
			p.muted = false
			return []Change{Unmuted{user, p.seat}}, ""
		}
	case Hold:
		if !p.held {
			p.muted, p.held = true, true
			return []Change{Held{user, p.seat}}, ""
		}
	case Release:
		if p.held {
			p.held = false
			return []Change{Released{user, p.seat}}, ""
		}
	}
	return nil, ""
}

func (m *model) media(c ReportMedia, now time.Time) []Change {
	p := m.of(c.User)
	switch {
	case p.seat == 0:
	case !c.Lost && (p.session != c.Session || !p.away.IsZero()):
		p.session, p.away = c.Session, time.Time{}
		return []Change{MediaFound{c.User, p.seat, c.Session}}
	case c.Lost && p.session == c.Session && p.away.IsZero():
		p.away = now
		return []Change{MediaLost{c.User, p.seat, c.Session}}
	}
	return nil
}
