// Package events owns the events sockets of one gateway: one watch of each stage, one fold, and everyone who follows it.
//
// docs/protocol.md section 10 is the contract, docs/vectors/events.json its vectors. One goroutine per followed room folds
// the stage and decides who hears what; each connection has one that reads and one that writes. What everyone hears is
// encoded once.
package events

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Sockets serves the events sockets of one gateway. Safe for concurrent use.
type Sockets struct {
	// static
	cfg      Config
	pace     pace
	metrics  *metrics
	presence *presence
	end      context.CancelFunc // of the presence reporters
	buffers  sync.Pool          // of *[]byte, for writers
	tasks    sync.WaitGroup     // rooms and reporters

	open     atomic.Int64 // sockets
	reported atomic.Uint64

	// guarded by mu
	mu      sync.Mutex
	closed  bool
	rooms   map[id.Room]*room
	serving sync.WaitGroup // Add under mu
}

// New makes the sockets of a gateway. Close ends them.
func New(c Config) (*Sockets, error) { return newSockets(c, defaultPace()) }

func newSockets(c Config, p pace) (*Sockets, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("events sockets: %w", err)
	}
	c = c.withDefaults()
	m, err := newMetrics(c.Metrics)
	if err != nil {
		return nil, fmt.Errorf("events sockets: %w", err)
	}
	s := &Sockets{cfg: c, pace: p, metrics: m, rooms: map[id.Room]*room{}}
	s.buffers.New = func() any { return new([writeAtOnce]byte) }
	s.presence = &presence{sockets: s, boot: rand.Text(), queue: make(chan report, reportsWaiting)}
	ctx, cancel := context.WithCancel(context.Background())
	s.end = cancel
	for range reportersAtOnce {
		s.tasks.Go(func() { s.presence.run(ctx) })
	}
	return s, nil
}

// Close says to everyone that this gateway is leaving (1001), lets commands in flight end for a moment, and waits. Whose
// last socket ends so is not reported absent: they come back at another gateway.
func (s *Sockets) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, r := range s.rooms {
		r.cancel()
	}
	s.mu.Unlock()
	s.serving.Wait()
	s.end()
	s.tasks.Wait()
	return nil
}

// begin counts a connection in; false: the sockets are closed.
func (s *Sockets) begin() (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	s.serving.Add(1)
	return s.serving.Done, true
}

// follow answers the room that a connection may join and leave until exit.
func (s *Sockets) follow(name id.Room) (r *room, exit func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, errLeaving
	}
	r = s.rooms[name]
	if r == nil {
		r = newRoom(s, name)
		s.rooms[name] = r
		s.metrics.rooms.Inc()
		s.tasks.Go(r.run)
	}
	r.refs++
	return r, func() { s.mu.Lock(); r.refs--; s.mu.Unlock() }, nil
}

// retire takes a room away that nobody is left in.
func (s *Sockets) retire(r *room) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.refs > 0 {
		return false
	}
	s.remove(r)
	return true
}

// forget takes a room away that has ended; who comes next gets another.
func (s *Sockets) forget(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(r)
}

func (s *Sockets) remove(r *room) {
	if s.rooms[r.id] == r {
		delete(s.rooms, r.id)
	}
}

var errFull = fault.New(fault.CodeUnavailable, "this gateway is full; try again")
