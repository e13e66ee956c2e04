package sfu

import (
	"slices"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// News says that a session was found, which is when its transport connected first, or that it was lost: the
// transport failed, the client hung up or left. A session that is lost never comes back; one whose network only changed
// is not lost.
//
// There is no news of sessions that Allow, Deny, Close or a successor ended.
type News struct {
	Seat    audio.Seat
	User    id.User
	Session id.Session
	Lost    bool
}

// HasNews holds a token when there is something to take with News.
func (r *Room) HasNews() <-chan struct{} { return r.hasNews }

// News answers what was found and lost since the last call, in order. Of a seat it holds only the newest: who looks
// late may hear of the loss of a session that was never told as found.
func (r *Room) News() []News {
	r.mu.Lock()
	defer r.mu.Unlock()
	news := r.untold
	r.untold = nil
	return news
}

// find tells that a session's transport is up.
func (r *Room) find(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !s.connected.Swap(true) && r.sessions[s.id] == s {
		r.noteLocked(s, false)
	}
	r.ring()
}

// lose ends a session whose transport is gone.
func (r *Room) lose(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[s.id] != s {
		return
	}
	r.metrics.lost.Inc()
	r.endLocked(s)
}

// endLocked ends a session that is open and tells of it.
func (r *Room) endLocked(s *session) {
	s.publisher.release(s)
	r.noteLocked(s, true)
	r.retireLocked(s)
}

// noteLocked keeps news until somebody takes it.
func (r *Room) noteLocked(s *session, lost bool) {
	r.forgetLocked(s.publisher.seat)
	r.untold = append(r.untold, News{s.publisher.seat, s.user, s.id, lost})
	select {
	case r.hasNews <- struct{}{}:
	default:
	}
}

// forgetLocked drops news of a seat that nobody took.
func (r *Room) forgetLocked(seat audio.Seat) {
	r.untold = slices.DeleteFunc(r.untold, func(n News) bool { return n.Seat == seat })
}
