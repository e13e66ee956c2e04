// Package edge owns listeners: their connections, how each is served from a room's ring at its own pace, and the doors
// they come through.
package edge

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	"rostrum/mediaedge/relay"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// verifier checks grants.
type verifier interface {
	// Verify answers what a grant says. Faults: unauthenticated, expired, unavailable.
	Verify(text string, now time.Time) (token.Grant, error)
	// Knows says whether grants of a key are believed. While Changes stays the same, so do its answers.
	Knows(key string) bool
	Changes() uint64
}

// Config is what an Edge needs.
type Config struct {
	Node   id.Node
	Region string
	// App is the only tenant that is served; empty: every one.
	App      id.App
	Verifier verifier
	Homes    relay.Homes
	Dialer   relay.Dialer
	Log      *slog.Logger          // may be nil
	Metrics  prometheus.Registerer // may be nil
	// BootID tells this run of the node from others; default random.
	BootID uint64
	// Shards is how many goroutines write to listeners; default GOMAXPROCS.
	Shards int
	// MaxListeners bounds open connections; default 100,000.
	MaxListeners int
	// StallAfter is how long a listener may take nothing before it is closed; default 20 s.
	StallAfter time.Duration
	// ReadyWithin bounds how long a listener waits for a room to be found and pulled; default 5 s.
	ReadyWithin time.Duration
}

// Validate says everything that is missing.
func (c Config) Validate() error {
	var all []error
	if _, err := id.ParseNode(string(c.Node)); err != nil {
		all = append(all, err)
	}
	if c.Verifier == nil || c.Homes == nil || c.Dialer == nil {
		all = append(all, errors.New("an edge needs a verifier, homes and a dialer"))
	}
	return errors.Join(all...)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.BootID == 0 {
		c.BootID = rand.Uint64()
	}
	if c.Shards <= 0 {
		c.Shards = runtime.GOMAXPROCS(0)
	}
	if c.MaxListeners <= 0 {
		c.MaxListeners = 100_000
	}
	if c.StallAfter <= 0 {
		c.StallAfter = 20 * time.Second
	}
	if c.ReadyWithin <= 0 {
		c.ReadyWithin = 5 * time.Second
	}
	return c
}

// Edge serves listeners.
type Edge struct {
	// static
	cfg      Config
	metrics  *metrics
	upgrader websocket.Upgrader
	buffers  sync.Pool // of *[readBufferBytes]byte
	began    time.Time
	shards   []*shard
	rooms    rooms
	stopAll  context.CancelFunc // ends the sweep and with it every pull

	life    context.Context // ends when nobody is let in any more
	endLife context.CancelFunc
	quit    chan struct{} // nobody can come in any more
	abort   chan struct{} // nobody is waited for any more
	once    sync.Once

	next      atomic.Uint64 // shard
	listeners atomic.Int64

	mu       sync.Mutex
	closed   bool
	handlers sync.WaitGroup // grows under mu, while not closed

	readers sync.WaitGroup
	work    sync.WaitGroup // shards and sweep
}

// New makes an edge that serves at once.
func New(cfg Config) (*Edge, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	pullMetrics, err := relay.NewPullMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	ctx, stopAll := context.WithCancel(context.Background())
	life, endLife := context.WithCancel(ctx)
	e := &Edge{
		cfg: cfg, metrics: m, began: time.Now(), stopAll: stopAll,
		upgrader: websocket.Upgrader{
			HandshakeTimeout: openWithin, Subprotocols: []string{Subprotocol},
			CheckOrigin: func(*http.Request) bool { return true }, // grants are no cookies: pages of others cannot use them
			Error: func(w http.ResponseWriter, _ *http.Request, _ int, err error) {
				fault.WriteHTTP(w, fault.New(fault.CodeInvalid, "this is not a WebSocket handshake").Because(err))
			},
		},
		buffers: sync.Pool{New: func() any { return new([readBufferBytes]byte) }},
		life:    life, endLife: endLife, quit: make(chan struct{}), abort: make(chan struct{}),
		rooms: rooms{held: map[roomKey]*hosted{}, pull: relay.PullConfig{
			Node: cfg.Node, BootID: cfg.BootID, Homes: cfg.Homes, Dialer: cfg.Dialer, Log: cfg.Log, Metrics: pullMetrics,
		}},
	}
	for range cfg.Shards {
		s := newShard(e)
		e.shards = append(e.shards, s)
		e.work.Go(s.run)
	}
	e.work.Go(func() { e.rooms.sweep(ctx) })
	return e, nil
}

// Handler serves the doors: GET /v1/rooms/{room}/listen and GET /v1/rooms/{room}/{grant}/listen.ogg.
func (e *Edge) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/rooms/{room}/listen", e.serveListen)
	mux.HandleFunc("GET /v1/rooms/{room}/{grant}/listen.ogg", e.serveOgg)
	return mux
}

// Close lets every listener go between two batches, with 1001, and waits for all that the edge started. When ctx ends
// first, the connections that are left are cut; the error is ctx's.
func (e *Edge) Close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	var err error
	e.once.Do(func() {
		e.endLife()
		done := make(chan struct{})
		go func() {
			defer close(done)
			e.handlers.Wait()
			close(e.quit)
			e.readers.Wait()
			e.stopAll()
			e.work.Wait()
		}()
		select {
		case <-done:
		case <-ctx.Done():
			err = ctx.Err()
			close(e.abort)
			<-done
		}
	})
	return err
}

// Listeners answers how many connections are open.
func (e *Edge) Listeners() int { return int(e.listeners.Load()) }

// Counts answers who is counted as listening to a room on this edge.
func (e *Edge) Counts(app id.App, room id.Room) *listenv1.Counts {
	if h := e.rooms.find(app, room); h != nil {
		return h.audience.counts()
	}
	return &listenv1.Counts{}
}

func (e *Edge) now() instant { return instant(time.Since(e.began)) }

// enter lets a handler work until it calls leave; not on an edge that closes.
func (e *Edge) enter() (leave func(), ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, false
	}
	e.handlers.Add(1)
	return e.handlers.Done, true
}

// leave is called by a shard for a connection that is gone.
func (e *Edge) leave(c *conn) {
	e.listeners.Add(-1)
	e.metrics.left(doorWebSocket)
	e.rooms.release(c.hosted, c.wish.rendition)
}
