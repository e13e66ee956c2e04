package events

import (
	"time"

	"rostrum/internal/id"
	"rostrum/mobile-api/view"
)

// mostOfOnePerson bounds the sockets of one person in one room.
const mostOfOnePerson = 16

// person is somebody with a socket in a room, or who had one until a moment ago. Owned by the room.
type person struct {
	user  id.User
	conns []*conn
	left  time.Time // when the last socket ended
	bored time.Time // since when nothing here concerns them; zero: something does
	place int       // as counted last

	// of presence
	reporting bool
	told      bool // that the person is absent
	tries     int
	said      bool      // of the last report: absent
	again     time.Time // the same is not reported before
}

// look notes whether anything concerns a person.
func (p *person) look(s *stage, now time.Time) {
	if s.concerns(string(p.user)) {
		p.bored = time.Time{}
	} else if p.bored.IsZero() {
		p.bored = now
	}
}

func (p *person) remove(c *conn, now time.Time) {
	for i, other := range p.conns {
		if other == c {
			p.conns = append(p.conns[:i:i], p.conns[i+1:]...)
			p.left = now
			return
		}
	}
}

// owes answers whether the stage should be told something of a person now, and what.
func (p *person) owes(s *stage, now time.Time, back time.Duration) (absent, owed bool) {
	hand := s.hands.of[string(p.user)]
	absent = len(p.conns) == 0
	if hand == nil || s.shown.State == view.StateEnded || p.reporting || p.said == absent && now.Before(p.again) {
		return absent, false
	}
	if !absent {
		return false, hand.Absent
	}
	return true, !hand.Absent && !p.told && now.Sub(p.left) >= back
}

// isGone says whether a person can be forgotten.
func (p *person) isGone(s *stage, now time.Time, back time.Duration) bool {
	if len(p.conns) > 0 || p.reporting || now.Sub(p.left) < back {
		return false
	}
	hand := s.hands.of[string(p.user)]
	return hand == nil || hand.Absent || p.told || s.shown.State == view.StateEnded || now.Sub(p.left) > mostOwed
}
