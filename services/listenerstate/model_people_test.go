package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func (m *model) end() []Change {
	var happened []Change
	for number := uint32(1); number <= uint32(m.maxSeats); number++ {
		for user, p := range m.people {
			if p.seat == number {
				happened = append(happened, m.unseat(user, UnseatEnded, m.now)...)
				break
			}
		}
	}
	m.noHands()
	for _, p := range m.people {
		p.invitedUntil = time.Time{}
	}
	m.state, m.invites = StateEnded, nil
	return append(happened, RoomEnded{})
}

func (m *model) powers(command Command, now time.Time) ([]Change, fault.Code) {
	switch c := command.(type) {
	case Appoint:
		p := m.of(c.User)
		if p.removed {
			return nil, fault.CodeRemoved
		}
		if !p.moderator {
			p.moderator = true
			return []Change{Appointed(c)}, ""
		}
	case Dismiss:
		if p := m.of(c.User); p.moderator {
			p.moderator = false
			return []Change{Dismissed(c)}, ""
		}
	case Remove:
		return m.remove(c.User, now), ""
	case Readmit:
		if p := m.of(c.User); p.removed {
			p.removed = false
			return []Change{Readmitted(c)}, ""
		}
	}
	return nil, ""
}

func (m *model) remove(user id.User, now time.Time) []Change {
	p := m.of(user)
	if p.removed {
		return nil
	}
	happened := m.clear(user, UnseatRemoved, LoweredRemoved, InviteRemoved, now)
	if p.moderator {
		happened = append(happened, Dismissed{user})
	}
	*p = person{listed: p.listed, removed: true}
	return append(happened, Removed{user})
}

// expire is what is over at a time: invites 5 s to 10 min after their making, seats 30 s and hands 60 s without a person.
func (m *model) expire(now time.Time) []Change {
	var happened []Change
	for _, user := range slices.Clone(m.invites) {
		if !now.Before(m.people[user].invitedUntil) {
			happened = append(happened, m.closeInvite(user, InviteExpired)...)
			happened = append(happened, m.lower(user, LoweredExpired)...)
		}
	}
	for number := uint32(1); number <= uint32(m.maxSeats); number++ {
		user := m.sitter(number)
		if user != "" && !m.people[user].away.IsZero() && !now.Before(m.people[user].away.Add(30*time.Second)) {
			happened = append(happened, m.unseat(user, UnseatAway, now)...)
		}
	}
	for _, user := range slices.Clone(m.queue) {
		if gone := m.people[user].absent; !gone.IsZero() && !now.Before(gone.Add(time.Minute)) {
			happened = append(happened, m.lower(user, LoweredAway)...)
		}
	}
	return happened
}
