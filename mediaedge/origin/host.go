// Package origin owns what a home SFU does for a room's audience: it watches the stage log, lets the seated publish,
// makes the program of one epoch and serves its batches to the relay.
package origin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/program"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const (
	beginTimeout   = 5 * time.Second
	releaseTimeout = 2 * time.Second
	// keepEnded is how long a room's rings stay after its program ended here.
	keepEnded = 30 * time.Second
)

// Config is what a Host needs.
type Config struct {
	Node     id.Node
	BootID   uint64
	SFU      *sfu.SFU
	Stage    stageLog
	Programs programs
	Homes    homes
	CPU      func() float64 // the share of the machine in use, 0 to 1; nil: not known
	Log      *slog.Logger
	Metrics  prometheus.Registerer // may be nil
	// Wall is the machine's wall clock; default time.Now.
	Wall func() time.Time
}

// Host keeps the origins of all rooms that are at home on this node.
type Host struct {
	cfg            Config
	metrics        *Metrics
	programMetrics *program.Metrics
	wait           patience
	ctx            context.Context
	stop           context.CancelFunc
	work           sync.WaitGroup
	asking         singleflight.Group          // where rooms are that are not here
	unheard        atomic.Pointer[fault.Fault] // what came of the newest announcement; nil: it was taken

	mu    sync.Mutex
	rooms map[key]*hosted
}

type key struct {
	app  id.App
	room id.Room
}

// hosted is a room over its epochs on this node: the ring stays when an origin is replaced.
type hosted struct {
	key    key
	relay  *relay.Room
	ledger *ledger
	begin  sync.Mutex // one begins at a time

	// guarded by Host.mu
	current *room
	uses    int // by Open and by epochs; the last one takes the entry away
}

// NewHost makes a host without rooms.
func NewHost(cfg Config) (*Host, error) {
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	if cfg.CPU == nil {
		cfg.CPU = func() float64 { return 0 }
	}
	metrics, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	programMetrics, err := program.NewMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Host{
		cfg: cfg, metrics: metrics, programMetrics: programMetrics, ctx: ctx, stop: stop, rooms: map[key]*hosted{},
		wait: patience{doubt: 5 * time.Second, missing: 5 * time.Second},
	}, nil
}

// Close ends every origin, gives its lease back and waits.
func (h *Host) Close() error {
	h.mu.Lock()
	h.stop()
	h.mu.Unlock()
	h.work.Wait()
	return nil
}

// Open makes this node the room's home, or answers the epoch that it already has.
func (h *Host) Open(ctx context.Context, app id.App, roomID id.Room) (audio.Epoch, error) {
	return h.openAbove(ctx, app, roomID, 0)
}

// openAbove is Open for a room whose newest epoch is known: a new one is above it, also where the registry has forgotten it.
func (h *Host) openAbove(ctx context.Context, app id.App, roomID id.Room, known audio.Epoch) (audio.Epoch, error) {
	entry, err := h.use(key{app, roomID})
	if err != nil {
		return 0, err
	}
	defer h.done(entry)
	entry.begin.Lock()
	defer entry.begin.Unlock()
	if current := h.current(entry.key); current != nil {
		return current.epoch, nil
	}
	ctx, cancel := context.WithTimeout(ctx, beginTimeout)
	defer cancel()
	return h.start(ctx, entry, known)
}

// use answers the entry of a room, to be given back with done; Close waits until then.
func (h *Host) use(k key) (*hosted, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, fault.New(fault.CodeUnavailable, "this node is leaving").In(time.Second)
	}
	entry := h.rooms[k]
	if entry == nil {
		entry = &hosted{key: k, relay: relay.NewRoom(k.app, k.room), ledger: &ledger{}}
		h.rooms[k] = entry
	}
	entry.uses++
	h.work.Add(1)
	return entry, nil
}

// done gives a use back. An entry that nobody uses goes: asking for rooms that are not live leaves nothing behind.
func (h *Host) done(entry *hosted) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if entry.uses--; entry.uses == 0 {
		delete(h.rooms, entry.key)
	}
	h.work.Done()
}

func (h *Host) current(k key) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	if entry := h.rooms[k]; entry != nil {
		return entry.current
	}
	return nil
}

// hosting is how many programs this node makes.
func (h *Host) hosting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, entry := range h.rooms {
		if entry.current != nil {
			n++
		}
	}
	return n
}

// appoint makes an epoch the room's current one; it uses the entry until its keeping is over.
func (h *Host) appoint(entry *hosted, r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry.current = r
	entry.uses++
	h.work.Add(1)
}

func (h *Host) dismiss(entry *hosted) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry.current = nil
}

// start appoints this node and sets a new epoch going.
func (h *Host) start(ctx context.Context, entry *hosted, known audio.Epoch) (audio.Epoch, error) {
	app, roomID := entry.key.app, entry.key.room
	log := h.cfg.Log.With("room", string(roomID))
	heardEpoch, heardNumber := entry.relay.HeardMost()
	granted, err := h.cfg.Programs.AcquireProgram(ctx, &signalingv1.AcquireProgramRequest{
		App: string(app), Room: string(roomID), Node: string(h.cfg.Node), BootId: h.cfg.BootID,
		KnownEpoch: uint64(max(heardEpoch, entry.relay.Epoch(), known)),
	})
	if err != nil {
		return 0, fmt.Errorf("acquire the program of %s: %w", roomID, err)
	}
	r := &room{
		app: app, id: roomID, epoch: audio.Epoch(granted.GetEpoch()), relay: entry.relay, ledger: entry.ledger, log: log,
		metrics: h.metrics, wait: h.wait,
		packets: make(chan sfu.Packet, packetQueue), changes: make(chan change, 64),
	}
	r.enforced = &enforced{
		log: h.cfg.Stage, logger: log, metrics: h.metrics, bell: make(chan struct{}, 1),
		request: &listenerstatev1.ReportEnforcedRequest{App: string(app), Room: string(roomID), Epoch: granted.GetEpoch()},
	}
	r.presence = newPresence(h.cfg.SFU.NewSession, func(n int) {
		h.metrics.mediaReports.WithLabelValues(reportOvertaken).Add(float64(n))
	})
	r.lease = &lease{programs: h.cfg.Programs, logger: log, metrics: h.metrics, request: &signalingv1.RenewProgramRequest{
		App: string(app), Room: string(roomID), Node: string(h.cfg.Node), Epoch: granted.GetEpoch(),
	}}
	watching := newWatching(h, r)
	initial, err := watching.first(ctx)
	if err == nil {
		err = h.begin(r, initial, history{
			reserved: audio.Number(granted.GetReserved()), anchor: initial.anchor, heard: heardNumber,
			held: entry.relay.Ring(audio.Voice32).View().Newest(),
		})
	}
	if err != nil {
		watching.stop()
		return 0, errors.Join(err, r.lease.release(context.WithoutCancel(ctx)))
	}
	entry.relay.Serve()
	h.appoint(entry, r)
	go h.keep(entry, r, watching, initial)
	return r.epoch, nil
}

// begin fixes the first number and the clock of an epoch and opens its program and its media.
func (h *Host) begin(r *room, initial stage, past history) error {
	if initial.ended {
		return fault.New(fault.CodeEnded, "the room is over")
	}
	if !initial.live {
		return fault.New(fault.CodeNotLive, "the room has not been started")
	}
	now := time.Now()
	r.first = past.first(h.cfg.Wall())
	r.clock = audio.Clock{Anchor: now, Media: r.first.Start()}
	made, err := program.New(program.Config{Epoch: r.epoch, First: r.first, Log: r.log, Metrics: h.programMetrics})
	if err != nil {
		return err
	}
	r.program = made
	r.lease.next.Store(uint64(r.first))
	r.ledger.begin(schedule{
		epoch: r.epoch, first: r.first, anchor: wallTime(h.cfg.Wall().Add(-time.Since(now))),
		delay: (made.Due() - (r.first + 1).Start()).Duration(),
	})
	if gap, found := past.gap(r.first, r.epoch); found {
		if err := r.tell(gap); err != nil {
			return err
		}
	}
	r.media = h.cfg.SFU.OpenRoom(r.clock, r, r.log)
	r.log.Info("origin begins", "epoch", r.epoch, "first", r.first)
	return nil
}
