package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/id"
)

const (
	// mostAcquaintances bounds whom a stage remembers; who was met longest ago is forgotten first.
	mostAcquaintances = 1000
	// returnGrace is how long who left a seat may take one again without asking.
	returnGrace = 30 * time.Second
)

// Acquaintance is a person whom this stage has invited or seated before.
type Acquaintance struct {
	User         id.User
	Invite       CloseReason // of the last invite; 0: none was closed
	ReturnsUntil time.Time   // until when a seat may be taken again without asking
	Held         bool        // at the end of the last seat: leaving it is no way out
}

func (s Stage) acquaintance(user id.User) (Acquaintance, bool) {
	i := slices.IndexFunc(s.Acquaintances, func(a Acquaintance) bool { return a.User == user })
	if i < 0 {
		return Acquaintance{}, false
	}
	return s.Acquaintances[i], true
}

// met answers the stage that remembers a person as the newest acquaintance, after change.
func (s Stage) met(user id.User, change func(*Acquaintance)) Stage {
	a, _ := s.acquaintance(user)
	a.User = user
	change(&a)
	s.Acquaintances = append(s.withoutAcquaintance(user), a)
	if len(s.Acquaintances) > mostAcquaintances {
		s.Acquaintances = s.Acquaintances[1:]
	}
	return s
}

// withoutAcquaintance answers another list, which the caller owns.
func (s Stage) withoutAcquaintance(user id.User) []Acquaintance {
	kept := make([]Acquaintance, 0, len(s.Acquaintances)+1)
	for _, a := range s.Acquaintances {
		if a.User != user {
			kept = append(kept, a)
		}
	}
	return kept
}
