package signaling

import (
	"sync"
	"time"
)

const (
	// settleTime is how long the registry must have been writable without a break before a room is moved: a node whose lease
	// ran out because nobody could write has had time to renew it.
	settleTime = 2 * LeaseTime
	// registerTime is how long a registry that came up empty may take to hear of every node and every origin again.
	registerTime = 10 * time.Second
)

// standing is how far this instance may believe the registry when it says that somebody is gone.
type standing struct {
	mu       sync.Mutex
	settle   time.Duration
	register time.Duration
	writable time.Time // since then without a break; zero: not now
	born     time.Time // what it remembers begins here
}

func newStanding() standing { return standing{settle: settleTime, register: registerTime} }

// note takes what came of a write: err, or how long the registry's memory goes back.
func (s *standing) note(memory time.Duration, err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.writable = time.Time{}
		return
	}
	if s.writable.IsZero() {
		s.writable = now
	}
	s.born = now.Add(-memory)
}

// doubt answers how long a room is not to be moved yet; zero or less: it may be.
func (s *standing) doubt(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writable.IsZero() {
		return s.settle
	}
	return max(s.settle-now.Sub(s.writable), s.register-now.Sub(s.born))
}
