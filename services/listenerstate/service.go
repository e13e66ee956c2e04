// Package listenerstate owns the stage log of every room: which commands a stage accepts, the events they cause, and who
// is told of them.
package listenerstate

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/keybox"
	"rostrum/services/listenerstate/stagelog"
)

// Archive keeps every event for good.
type Archive interface {
	// Load answers the head of a log, zero where nothing is archived, and its newest snapshot or nil.
	Load(ctx context.Context, key chain.Key) (chain.Head, []byte, error)
	// Read answers up to limit records from an offset on, in order.
	Read(ctx context.Context, key chain.Key, from uint64, limit int) ([]chain.Record, error)
	ArchiveWriter
}

// ArchiveWriter is how an archive grows.
type ArchiveWriter interface {
	// Append puts records behind a head, in the order of the calls. Records that are held already are skipped; others
	// that do not continue the log fail, as do records of a term below a claimed one.
	Append(key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) *chain.Write
	// Claim starts a new term and answers the head with it, zero where nothing is archived.
	Claim(ctx context.Context, key chain.Key) (chain.Head, error)
}

// Keys has the AES-256 keys of people's personal fields.
type Keys interface {
	// Key answers a person's key; false where it was never made or is destroyed.
	Key(ctx context.Context, app id.App, user id.User) ([32]byte, bool, error)
	// MakeKey answers a person's key, after making it durably where there is none.
	MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error)
}

const (
	retryAfter    = 200 * time.Millisecond
	snapshotEvery = 256       // events; more where more hands are up, each of which it holds
	pageSize      = 256       // events in one read
	endedLifetime = time.Hour // an ended room's keys in Redis; the archive keeps it
	callTimeout   = 5 * time.Second
)

// Config of a Service. Redis, Archive and Keys are needed; they stay the caller's.
type Config struct {
	Redis   redis.UniversalClient
	Archive Archive
	Keys    Keys
	Now     func() time.Time      // nil: time.Now
	Log     *slog.Logger          // nil: none
	Metrics prometheus.Registerer // nil: none
	// RoomsMost bounds the stages in memory; 0: 10,000.
	RoomsMost int
	// WatchersMost bounds the watchers of all rooms; 0: 10,000.
	WatchersMost int
	// Acknowledge says when an event is acknowledged; "": AcknowledgeArchive. All instances on one Redis do the same.
	Acknowledge Acknowledge
	// Behind bounds AcknowledgeLog.
	Behind Behind
	// KeysFresh is how long a person's key is used without asking Keys; a key that was asked for before is used longer while
	// Keys is away. 0: with AcknowledgeLog a minute, else Keys is always asked.
	KeysFresh time.Duration
}

// Validate says what is missing.
func (c Config) Validate() error {
	var missing []error
	if c.Redis == nil {
		missing = append(missing, errors.New("listenerstate: Redis is missing"))
	}
	if c.Archive == nil {
		missing = append(missing, errors.New("listenerstate: Archive is missing"))
	}
	if c.Keys == nil {
		missing = append(missing, errors.New("listenerstate: Keys is missing"))
	}
	if c.RoomsMost < 0 || c.WatchersMost < 0 || c.KeysFresh < 0 {
		missing = append(missing, errors.New("listenerstate: a bound is negative"))
	}
	missing = append(missing, c.Acknowledge.validate(), c.Behind.validate())
	return errors.Join(missing...)
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.RoomsMost == 0 {
		c.RoomsMost = 10_000
	}
	if c.WatchersMost == 0 {
		c.WatchersMost = 10_000
	}
	c.Behind = c.Behind.withDefaults()
	if c.KeysFresh == 0 && c.Acknowledge == AcknowledgeLog {
		c.KeysFresh = time.Minute
	}
	if c.KeysFresh > 0 {
		c.Keys = keybox.New(c.Keys, c.KeysFresh)
	}
	return c
}

// Service applies commands to stages and lets others watch them.
type Service struct {
	log      *stagelog.Log
	client   redis.UniversalClient
	archive  Archive
	keys     Keys
	logFirst bool // AcknowledgeLog
	behind   Behind
	instance string // names it in offers
	attempts int
	now      func() time.Time
	logger   *slog.Logger
	metrics  *metrics
	rooms    *keepers
	bells    *bells
	stop     context.CancelFunc
	stopping <-chan struct{}
	calls    *calls
	peers    *peers
	patience context.Context // ends later than the rest, when backlogs are archived: until then they are offered too
	giveUp   context.CancelFunc

	held  atomic.Pointer[Holding] // nil: not known yet
	alone atomic.Bool             // no replica had what was waited for last

	silent atomic.Pointer[time.Time] // when the archive did not answer last; nil: it did

	mu        sync.Mutex
	closed    bool
	archiving sync.WaitGroup // archivers; like done grows under mu while not closed
	done      sync.WaitGroup // loops and senders to watchers
}

// New makes a service and starts its timers and listening to the doorbell.
func New(config Config) (*Service, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	m, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{
		log: stagelog.New(config.Redis), client: config.Redis, archive: config.Archive, keys: config.Keys, now: config.Now,
		logger: config.Log, metrics: m, rooms: newKeepers(config.RoomsMost), bells: newBells(config.WatchersMost),
		stop: stop, stopping: ctx.Done(), attempts: attempts, behind: config.Behind, calls: newCalls(),
		logFirst: config.Acknowledge == AcknowledgeLog, instance: rand.Text(),
	}
	s.peers = newPeers(s.instance)
	s.patience, s.giveUp = context.WithCancel(context.Background())
	listener := stagelog.Listener{Rung: s.bells.ring, Missed: s.bells.ringAll}
	if err := m.watchBacklogs(config.Metrics, s.rooms); err != nil {
		return nil, err
	}
	if s.logFirst {
		s.log, s.attempts = stagelog.NewGuarded(config.Redis), attemptsBehind
		listener.Told = s.peers.said
		listener.Called, listener.Missed = s.calls.called, func() { s.bells.ringAll(); s.calls.missedSome() }
		s.start(func() { s.answerCalls(s.patience) })
		s.beginHolding(ctx)
	}
	s.start(func() { s.log.Listen(s.patience, listener) })
	s.start(func() { s.keepTime(ctx) })
	return s, nil
}

// start runs a part of the service that Close waits for; false: the service is closed.
func (s *Service) start(part func()) bool { return s.startIn(&s.done, part) }

func (s *Service) startIn(group *sync.WaitGroup, part func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		group.Go(part)
	}
	return !s.closed
}

// Close ends every watcher and the timers, waits for a while until the archive has what was acknowledged, and returns when
// nothing of the service runs any more. Commands under way finish by themselves.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	longest := time.AfterFunc(s.behind.CloseWithin, s.giveUp)
	s.archiving.Wait()
	longest.Stop()
	s.giveUp()
	s.done.Wait()
}

// Entry is an event and its stored bytes.
type Entry struct {
	Event Event
	Bytes []byte
}

// Answer is what a command came to.
type Answer struct {
	// Position is that of the last event; where nothing changed, the one the decision was made at.
	Position chain.Position
	Entries  []Entry
	// Stage is at or after Position.
	Stage Stage
	// Enforced is as in View.
	Enforced chain.Position
}

// View is what holds in a room.
type View struct {
	Stage Stage
	// Enforced is up to where the SFU does what the stage says; zero: nothing was reported in this term.
	Enforced chain.Position
}

// Stage answers the acknowledged stage of a room, as View does.
func (s *Service) Stage(ctx context.Context, key chain.Key, atLeast chain.Position) (Stage, error) {
	view, err := s.View(ctx, key, atLeast)
	return view.Stage, err
}

// View answers what is acknowledged and enforced in a room at this moment. Errors: not_found; from_ahead where the log
// has not come to atLeast; timeout; unavailable.
func (s *Service) View(ctx context.Context, key chain.Key, atLeast chain.Position) (View, error) {
	k, err := s.rooms.use(key)
	if err != nil {
		return View{}, err
	}
	defer s.rooms.done(k)
	view, err := s.current(ctx, k)
	if err != nil {
		return View{}, err
	}
	if view.Stage.Position.Before(atLeast) {
		return View{}, fault.New(fault.CodeFromAhead, "the stage log has not come to %s", atLeast)
	}
	return view, nil
}

// ReportEnforced says up to which position the SFU does what the stage says, by the origin that makes the program of an
// epoch. A lower position and a report of a lower epoch change nothing. Errors: invalid; not_found; from_ahead;
// unavailable.
func (s *Service) ReportEnforced(ctx context.Context, key chain.Key, epoch uint64, at chain.Position) error {
	if epoch == 0 || at.Offset == 0 {
		return fault.Invalid("position", "one of this log, with an epoch above 0")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch err := s.log.Enforce(ctx, key, epoch, at); {
	case err == nil:
		return nil
	case errors.Is(err, stagelog.ErrAhead):
		return fault.New(fault.CodeFromAhead, "the stage log has not come to %s", at)
	case errors.Is(err, stagelog.ErrLost):
		_, err := s.View(ctx, key, chain.Position{}) // repairs it: then the position is one of an older term
		return err
	default:
		return fault.Unavailable(err, "the stage log cannot be reached; try again")
	}
}
