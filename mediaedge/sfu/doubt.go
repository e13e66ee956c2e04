package sfu

import "time"

// Doubt stops forwarding from every session that was opened after since, also from those still to come, until Trust. It
// is for a room that can no longer tell who may speak: those who were heard before are heard on. No packet of the others
// is forwarded after it returned.
func (r *Room) Doubt(since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubted = since
	for _, s := range r.sessions {
		s.publisher.doubt(s, r.doubtsLocked(s))
	}
}

// Trust lets everyone who may publish be heard again.
func (r *Room) Trust() { r.Doubt(time.Time{}) }

func (r *Room) doubtsLocked(s *session) bool { return !r.doubted.IsZero() && s.opened.After(r.doubted) }
