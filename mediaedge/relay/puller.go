package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Homes says where rooms are.
type Homes interface {
	// Home answers the gRPC address of the node that has a room. Faults: not_found, not_live, ended, unavailable.
	Home(ctx context.Context, app id.App, room id.Room) (address string, err error)
	// Moved is closed when a room is known to have left an address that Home answered; nil: that is never known.
	Moved(app id.App, room id.Room, address string) <-chan struct{}
	// Forget says that a room was not where Home said, so that the next Home asks anew.
	Forget(app id.App, room id.Room)
}

// Dialer reaches nodes. It owns the connections that it answers.
type Dialer interface {
	Dial(address string) (*grpc.ClientConn, error)
}

// PullConfig is what a Puller needs.
type PullConfig struct {
	Node   id.Node
	BootID uint64
	Homes  Homes
	Dialer Dialer
	// Counts answers the listeners of a room on this node itself, every 2 s.
	Counts  func() *listenv1.Counts
	Log     *slog.Logger // may be nil
	Metrics *PullMetrics // may be nil
	// Silence is how long an open upstream may say nothing; default three heartbeats, 600 ms.
	Silence time.Duration
	// OpenWithin bounds connecting and opening; default 3 s.
	OpenWithin time.Duration
}

// PullMetrics count what pullers of a node do.
type PullMetrics struct {
	refused *prometheus.CounterVec
	lost    *prometheus.CounterVec
	open    prometheus.Gauge
}

// NewPullMetrics registers them; once per registry.
func NewPullMetrics(registry prometheus.Registerer) (*PullMetrics, error) {
	m := &PullMetrics{
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_relay_refused_total", Help: "Items of upstreams that no ring took, by reason.",
		}, []string{"reason"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_relay_lost_upstreams_total", Help: "Pulls that broke, by reason.",
		}, []string{"reason"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_relay_pulls", Help: "Pulls from upstreams that are open."}),
	}
	return m, obs.Register(registry, m.refused, m.lost, m.open)
}

// Puller keeps a room filled from upstream, one stream for each rendition that is wanted.
type Puller struct {
	// static
	cfg  PullConfig
	room *Room
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu    sync.Mutex
	lanes map[audio.Rendition]*lane
}

// NewPuller makes a puller that pulls nothing yet.
func NewPuller(room *Room, cfg PullConfig) *Puller {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics, _ = NewPullMetrics(nil) // without a registry nothing can be refused
	}
	if cfg.Silence <= 0 {
		cfg.Silence = 3 * heartbeatEvery
	}
	if cfg.OpenWithin <= 0 {
		cfg.OpenWithin = 3 * time.Second
	}
	if cfg.Counts == nil {
		cfg.Counts = func() *listenv1.Counts { return &listenv1.Counts{} }
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Puller{cfg: cfg, room: room, ctx: ctx, stop: stop, lanes: map[audio.Rendition]*lane{}}
}

// Want pulls a rendition until Drop or Close. A rendition that is pulled already, or was refused within the last
// second, is left as it is.
func (p *Puller) Want(rendition audio.Rendition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ring := p.room.Ring(rendition)
	if held := p.lanes[rendition]; ring == nil || p.ctx.Err() != nil || held != nil && !held.retry(time.Now()) {
		return
	}
	ctx, stop := context.WithCancel(p.ctx)
	l := &lane{puller: p, ring: ring, stop: stop, ready: make(chan struct{})}
	p.lanes[rendition] = l
	p.work.Go(func() { l.run(ctx) })
}

// Drop stops pulling a rendition. What its ring holds stays.
func (p *Puller) Drop(rendition audio.Rendition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.lanes[rendition]; l != nil {
		l.stop()
		delete(p.lanes, rendition)
	}
}

// Ready waits until a wanted rendition has caught up with its upstream once. The error is why it never will, or
// unavailable when ctx ends first.
func (p *Puller) Ready(ctx context.Context, rendition audio.Rendition) error {
	p.mu.Lock()
	l := p.lanes[rendition]
	p.mu.Unlock()
	if l == nil {
		return fault.New(fault.CodeUnavailable, "this rendition is not pulled here now").In(time.Second)
	}
	select {
	case <-l.ready:
		return l.refused()
	default:
	}
	select {
	case <-l.ready:
		return l.refused()
	case <-ctx.Done():
		return fault.Unavailable(ctx.Err(), "the room cannot be reached from here now; try again")
	case <-p.ctx.Done():
		return fault.New(fault.CodeUnavailable, "this node is leaving")
	}
}

// Close stops everything and waits.
func (p *Puller) Close() error {
	p.stop()
	p.work.Wait()
	return nil
}

// reports answers whether a lane is the one that reports counts: the first of those that are open, so that no listener
// is counted twice.
func (p *Puller) reports(l *lane) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rendition := range audio.Renditions {
		if held := p.lanes[rendition]; held != nil && held.open.Load() {
			return held == l
		}
	}
	return false
}
