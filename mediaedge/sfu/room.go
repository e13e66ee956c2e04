package sfu

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// Room is the speakers of one room. Its methods do not wait for the network, but for Close, and Join and Restart up to
// their context.
type Room struct {
	sfu     *SFU
	clock   audio.Clock
	ingest  Ingest
	log     *slog.Logger
	metrics *metrics

	bell    chan struct{} // holds one token: something changed
	hasNews chan struct{} // holds one token: there is something untold
	stop    chan struct{}
	running sync.WaitGroup // the room's goroutine and sessions that are closing

	heard atomic.Pointer[heard]

	mu         sync.Mutex // before publisher.mu
	closed     bool
	publishers map[audio.Seat]*publisher // made when first named, at most audio.MaxSeats
	seats      map[id.User]audio.Seat    // who may publish
	sessions   map[id.Session]*session
	untold     []News    // not taken yet, at most one a seat
	doubted    time.Time // sessions opened after it are not forwarded; zero: all are
}

func newRoom(s *SFU, clock audio.Clock, ingest Ingest, log *slog.Logger) *Room {
	return &Room{
		sfu: s, clock: clock, ingest: ingest, log: log, metrics: s.metrics,
		bell: make(chan struct{}, 1), hasNews: make(chan struct{}, 1), stop: make(chan struct{}),
		publishers: make(map[audio.Seat]*publisher), seats: make(map[id.User]audio.Seat), sessions: make(map[id.Session]*session),
	}
}

// Allow says that a person may publish from a seat. Who else could, cannot any more. Idempotent.
func (r *Room) Allow(seat audio.Seat, user id.User, muted bool) {
	if seat < 1 || seat > audio.MaxSeats || user == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, seated := r.seats[user]; seated && before != seat {
		r.denyLocked(before)
	}
	p := r.publisherLocked(seat)
	if former := p.allow(user, muted); former != nil {
		r.forgetLocked(seat)
		r.retireLocked(former)
	}
	for other, at := range r.seats {
		if at == seat && other != user {
			delete(r.seats, other)
		}
	}
	r.seats[user] = seat
	r.ring()
}

// Mute stops forwarding from a seat, or lets it go on. No packet is forwarded after it returned.
func (r *Room) Mute(seat audio.Seat, muted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.publishers[seat]; p != nil {
		p.mute(muted)
	}
}

// Deny ends publishing from a seat and closes the person's session. No packet is forwarded after it returned.
func (r *Room) Deny(seat audio.Seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denyLocked(seat)
}

func (r *Room) denyLocked(seat audio.Seat) {
	p := r.publishers[seat]
	if p == nil {
		return
	}
	r.forgetLocked(seat)
	user, session := p.deny()
	if r.seats[user] == seat {
		delete(r.seats, user)
	}
	if session != nil {
		r.retireLocked(session)
	}
}

// Timeline maps the timestamps of a seat's packets to media time. It is anchored by the first packet of a session and
// reset when the session ends; the lane that mixes the seat may shift it. It is the same one for the room's life.
func (r *Room) Timeline(seat audio.Seat) *audio.Timeline {
	if seat < 1 || seat > audio.MaxSeats {
		return new(audio.Timeline)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return &r.publisherLocked(seat).timeline
}

// Close ends all sessions and waits for them. Everything but Close answers not_live or does nothing afterwards.
func (r *Room) Close() {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.stop)
		for _, s := range r.sessions {
			s.publisher.release(s)
			r.retireLocked(s)
		}
	}
	r.mu.Unlock()
	r.running.Wait()
	r.sfu.forget(r)
}

// open is how many sessions are.
func (r *Room) open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

func (r *Room) publisherLocked(seat audio.Seat) *publisher {
	p := r.publishers[seat]
	if p == nil {
		p = newPublisher(seat, r.ingest, r.metrics)
		r.publishers[seat] = p
	}
	return p
}

// retireLocked closes a session in the background, once. Its publisher must not have it any more.
func (r *Room) retireLocked(s *session) {
	if r.sessions[s.id] != s {
		return
	}
	delete(r.sessions, s.id)
	r.metrics.sessions.Dec()
	r.ring()
	r.running.Go(func() {
		if err := s.close(); err != nil {
			r.log.Warn("close session", "session", s.id, "error", err)
		}
	})
}

// ring wakes the room's goroutine.
func (r *Room) ring() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}
