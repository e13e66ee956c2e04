// Package control owns an edge's stream to signaling: who the edge is and its load go up; keys and
// homes of rooms come down. Losing the stream stops nothing that plays: what was learned stays.
package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const (
	// loadEvery is how often an edge says how much it carries.
	loadEvery = 2 * time.Second
	// lookupTimeout bounds one look-up of a home.
	lookupTimeout = 5 * time.Second
	// reportQueue bounds what waits to go up.
	reportQueue = 256
)

// signaling opens the control stream, and gives certificates.
type signaling interface {
	Control(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder], error)
	enroller
}

// Config is what a Stream needs.
type Config struct {
	Signaling signaling
	Hello     *signalingv1.EdgeHello
	// Pass gets the edge its certificates while the stream is open; nil over a plain network.
	Pass *Pass
	// Load is asked every 2 s.
	Load func() *signalingv1.Load
	// Keys takes all public keys that grants may be signed with now.
	Keys func([]token.PublicKey)
	Log  *slog.Logger
}

// Stream is the control stream of one edge, opened again whenever it is lost.
type Stream struct {
	cfg     Config
	reports chan *signalingv1.EdgeReport
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu    sync.Mutex
	homes map[key]*answer
	keyed chan struct{} // closed when keys have come; nil afterwards
	last  error         // why the stream was lost
}

type key struct {
	app  id.App
	room id.Room
}

// answer is what is known of a room's home.
type answer struct {
	address string // gRPC, of the home
	err     error
	known   bool
	changed chan struct{} // closed when the answer comes
	over    chan struct{} // closed when the room is known to be elsewhere
	waiting int           // calls; the last one that leaves without an answer forgets the question
}

// Open starts the stream; it connects by itself and goes on trying.
func Open(cfg Config) *Stream {
	ctx, stop := context.WithCancel(context.Background())
	s := &Stream{
		cfg: cfg, reports: make(chan *signalingv1.EdgeReport, reportQueue), stop: stop,
		homes: map[key]*answer{}, keyed: make(chan struct{}),
	}
	s.work.Go(func() { s.run(ctx) })
	if cfg.Pass != nil {
		s.work.Go(func() { cfg.Pass.run(ctx, cfg.Signaling) })
	}
	return s
}

// Close ends the stream and waits.
func (s *Stream) Close() {
	s.stop()
	s.work.Wait()
}

// Ready waits for the first keys.
func (s *Stream) Ready(ctx context.Context) error {
	s.mu.Lock()
	keyed := s.keyed
	s.mu.Unlock()
	if keyed == nil {
		return nil
	}
	select {
	case <-keyed:
		return nil
	case <-ctx.Done():
		cause := ctx.Err()
		if trouble := s.trouble(); trouble != nil {
			cause = fault.From(trouble)
		}
		return fault.Unavailable(cause, "signaling has sent no keys yet")
	}
}

// Home answers the gRPC address of a room's home: at once where it is known, otherwise when signaling says. Faults:
// not_found, not_live, ended, unavailable.
func (s *Stream) Home(ctx context.Context, app id.App, room id.Room) (address string, err error) {
	k := key{app, room}
	s.mu.Lock()
	a := s.homes[k]
	if a != nil && a.known && a.err == nil {
		s.mu.Unlock()
		return a.address, nil
	}
	if a == nil || a.known {
		a = &answer{changed: make(chan struct{}), over: make(chan struct{})}
		s.homes[k] = a
	}
	a.waiting++
	s.mu.Unlock()
	defer s.leave(k, a)
	s.ask(k)
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	select {
	case <-a.changed:
		return a.address, a.err
	case <-ctx.Done():
		return "", fault.Unavailable(ctx.Err(), "the room's home cannot be looked up now; try again")
	}
}

// Moved is closed when a room is known to have left an address that Home answered.
func (s *Stream) Moved(app id.App, room id.Room, address string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.homes[key{app, room}]
	if a != nil && a.known && a.address == address {
		return a.over
	}
	if a != nil && a.known {
		over := make(chan struct{})
		close(over)
		return over
	}
	return nil
}

// Forget drops what is known of a room's home, because it was not there. Who pulls from it looks again.
func (s *Stream) Forget(app id.App, room id.Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.homes[key{app, room}]; a != nil && a.known {
		close(a.over)
		delete(s.homes, key{app, room})
	}
}

func (s *Stream) leave(k key, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.waiting--; a.waiting == 0 && s.homes[k] == a && !a.known {
		delete(s.homes, k)
	}
}

func (s *Stream) ask(k key) {
	select {
	case s.reports <- lookup(k):
	default: // the look-up times out with unavailable
	}
}

func lookup(k key) *signalingv1.EdgeReport {
	return &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Lookup{
		Lookup: &signalingv1.Lookup{App: string(k.app), Room: string(k.room)},
	}}
}

// trouble is why there is no stream.
func (s *Stream) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Pass != nil {
		if err := s.cfg.Pass.trouble(); err != nil {
			return err
		}
	}
	return s.last
}
