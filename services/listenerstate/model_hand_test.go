package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func (m *model) noHands() {
	for _, user := range m.queue {
		m.people[user].hand = 0
	}
	m.queue = nil
}

// uninvited is why a person may not answer an invite.
func (m *model) uninvited(user id.User, now time.Time) fault.Code {
	p := m.of(user)
	switch {
	case now.Before(p.invitedUntil):
		return ""
	case !p.invitedUntil.IsZero() || p.lapsed:
		return fault.CodeInviteExpired
	}
	return fault.CodeNotInvited
}

func (m *model) raise(user id.User, c RaiseHand, now time.Time) ([]Change, fault.Code) {
	p := m.of(user)
	if p.hand > 0 {
		if p.absent.IsZero() {
			return nil, ""
		}
		p.absent = time.Time{}
		return []Change{HandPresent{user}}, ""
	}
	welcome := m.mode == HandsOpen || m.mode == HandsInvited && (p.listed || p.known || m.rank(user) >= 3)
	switch {
	case p.seat > 0:
		return nil, fault.CodeAlreadySeated
	case !welcome:
		return nil, fault.CodeHandsClosed
	}
	p.hand, p.handName, p.note, p.raised, p.absent = m.events+1, c.Name, c.Note, now, time.Time{}
	m.queue = append(m.queue, user)
	return []Change{HandRaised{User: user, Name: Name{Plain: c.Name}, Note: Name{Plain: c.Note}}}, ""
}

func (m *model) lower(user id.User, why LowerReason) []Change {
	p := m.of(user)
	if p.hand == 0 {
		return nil
	}
	p.hand = 0
	m.queue = slices.DeleteFunc(m.queue, func(other id.User) bool { return other == user })
	return []Change{HandLowered{user, why}}
}

func (m *model) setMode(mode HandMode) []Change {
	if m.mode == mode {
		return nil
	}
	if m.mode = mode; mode == HandsClosed {
		m.noHands()
	}
	return []Change{HandModeSet{mode}}
}

func (m *model) invite(by Actor, c Invite, now time.Time) ([]Change, fault.Code) {
	p := m.of(c.User)
	switch {
	case p.removed:
		return nil, fault.CodeRemoved
	case p.seat > 0:
		return nil, fault.CodeAlreadySeated
	case m.full(c.User):
		return nil, fault.CodeStageFull
	}
	lasts := c.ExpiresIn
	if lasts == 0 {
		lasts = time.Minute
	}
	p.invitedUntil, p.inviteName, p.invitedBy, p.known = now.Add(lasts), c.Name, by, true
	p.heldOutside = p.heldOutside && m.rank(by.User) <= m.rank(c.User)
	m.invites = append(slices.DeleteFunc(m.invites, func(user id.User) bool { return user == c.User }), c.User)
	return []Change{Invited{User: c.User, Name: Name{Plain: c.Name}, ExpiresAt: p.invitedUntil}}, ""
}

func (m *model) closeInvite(user id.User, why CloseReason) []Change {
	p := m.of(user)
	if p.invitedUntil.IsZero() {
		return nil
	}
	p.invitedUntil, p.lapsed = time.Time{}, why == InviteExpired
	m.invites = slices.DeleteFunc(m.invites, func(other id.User) bool { return other == user })
	return []Change{InviteClosed{user, why}}
}

func (m *model) presence(c ReportPresence, now time.Time) []Change {
	p := m.of(c.User)
	switch {
	case p.hand == 0:
	case c.Absent && p.absent.IsZero():
		p.absent = now
		return []Change{HandAbsent{c.User}}
	case !c.Absent && !p.absent.IsZero():
		p.absent = time.Time{}
		return []Change{HandPresent{c.User}}
	}
	return nil
}
