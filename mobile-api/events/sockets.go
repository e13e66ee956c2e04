// Package events owns the events sockets of one gateway: one watch of each stage, one fold, and everyone who follows it
// (docs/protocol.md section 10).
package events

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Sockets serves events sockets. Safe for concurrent use.
type Sockets struct {
	// static
	cfg      Config
	pace     pace
	metrics  *metrics
	presence *presence
	ending   context.Context
	end      context.CancelFunc

	reported atomic.Uint64 // reports of presence, to name them

	// guarded by mu
	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
	rooms  map[id.Room]*room
	parts  sync.WaitGroup // connections, rooms and reporters; Add under mu
}

// New makes sockets that follow no stage yet.
func New(c Config) (*Sockets, error) {
	return newSockets(c, defaultPace())
}

func newSockets(c Config, p pace) (*Sockets, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	c = c.withDefaults()
	s := &Sockets{cfg: c, pace: p, conns: map[*conn]struct{}{}, rooms: map[id.Room]*room{}}
	var err error
	if s.metrics, err = newMetrics(c.Metrics); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	s.ending, s.end = context.WithCancel(context.Background())
	s.presence = &presence{sockets: s, boot: rand.Text()[:12], queue: make(chan report, reportsWaiting)}
	for range reportersAtOnce {
		s.parts.Go(func() { s.presence.run(s.ending) })
	}
	return s, nil
}

// ServeRoom upgrades a call and returns when the connection is over.
func (s *Sockets) ServeRoom(w http.ResponseWriter, r *http.Request, name id.Room) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	c := newConn(s, ws)
	if err := s.add(c); err != nil {
		c.cut(err.(refusal).bye)
		c.write()
		return
	}
	defer s.remove(c)
	c.serve(r, name)
}

// refusal is why a connection is not served at all.
type refusal struct{ bye goodbye }

func (r refusal) Error() string { return r.bye.text }

func (s *Sockets) add(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return refusal{goodbyeLeaving}
	case len(s.conns) >= s.cfg.MostSockets:
		return refusal{farewell(reasonFull, fault.Unavailable(nil, "this gateway has as many sockets as it may; try another"))}
	}
	s.parts.Add(1)
	s.conns[c] = struct{}{}
	s.metrics.sockets.Inc()
	return nil
}

func (s *Sockets) remove(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.metrics.sockets.Dec()
	s.parts.Done()
}

// enter answers the room of a name, to be given back with exit. Nil: the gateway leaves.
func (s *Sockets) enter(name id.Room) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	r := s.rooms[name]
	if r == nil {
		r = newRoom(s, name)
		s.rooms[name] = r
		s.metrics.rooms.Inc()
		s.parts.Go(r.run)
	}
	r.refs++
	return r
}

func (s *Sockets) exit(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.refs--
}

// retire takes a room that nobody can be on the way to; false: somebody is.
func (s *Sockets) retire(r *room) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.refs > 0 {
		return false
	}
	if s.rooms[r.id] == r {
		delete(s.rooms, r.id)
	}
	return true
}

// forget makes the next one who comes begin a new room.
func (s *Sockets) forget(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[r.id] == r {
		delete(s.rooms, r.id)
	}
}

// Close ends every connection (1001), and waits.
func (s *Sockets) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.cut(goodbyeLeaving)
	}
	for _, r := range s.rooms {
		r.cancel()
	}
	s.mu.Unlock()
	s.end()
	s.parts.Wait()
	return nil
}
