package room

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
	_ "time/tzdata" // zones are known also where the machine has no files of them

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	minCursorKey  = 16
	repairEvery   = 10 * time.Second
	defaultListed = 20
	maxListed     = 100
	// maxRetries bounds how often another writer may come first.
	maxRetries = 5
)

// stageLog is what decides whether a room is live.
type stageLog interface {
	Apply(context.Context, *listenerstatev1.ApplyRequest, ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error)
	GetStage(context.Context, *listenerstatev1.GetStageRequest, ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error)
}

// signer makes grants.
type signer interface {
	Sign(token.Grant) (string, error)
}

// Config is what a Service needs.
type Config struct {
	Store  Store
	Stage  stageLog
	Signer signer
	// CursorKey signs the cursors of lists, at least 16 bytes; nil: a random one, good for one process.
	CursorKey []byte
	// Apps are those whose live rooms are compared with their stages; nil: id.Main.
	Apps []id.App
	// RepairEvery is how often that is done; 0: 10 s.
	RepairEvery time.Duration
	Now         func() time.Time      // nil: time.Now
	Log         *slog.Logger          // nil: none
	Metrics     prometheus.Registerer // may be nil
}

// Validate says everything that is wrong.
func (c Config) Validate() error {
	var wrong []error
	if c.Store == nil || c.Stage == nil {
		wrong = append(wrong, errors.New("room: no store or no stage log"))
	}
	if c.Signer == nil {
		wrong = append(wrong, errors.New("room: nothing to sign grants with"))
	}
	if c.CursorKey != nil && len(c.CursorKey) < minCursorKey {
		wrong = append(wrong, fmt.Errorf("room: a cursor key has at least %d bytes", minCursorKey))
	}
	return errors.Join(wrong...)
}

// Service keeps the catalogue and signs grants.
type Service struct {
	store   Store
	stage   stageLog
	signer  signer
	cursors cursors
	apps    []id.App
	every   time.Duration
	now     func() time.Time
	log     *slog.Logger
	metrics *metrics

	stop context.CancelFunc
	work sync.WaitGroup
}

// New makes a service and starts its repair of rows; Close ends it.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: timedStore{cfg.Store, m.stores}, stage: cfg.Stage, signer: cfg.Signer, cursors: cursors{cfg.CursorKey}, apps: cfg.Apps,
		every: cfg.RepairEvery, now: cfg.Now, log: cfg.Log, metrics: m,
	}
	s.fillIn()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.work.Go(func() { s.repair(ctx) })
	return s, nil
}

// fillIn sets what the config left out.
func (s *Service) fillIn() {
	if s.cursors.key == nil {
		s.cursors.key = make([]byte, 32)
		rand.Read(s.cursors.key) // never fails (crypto/rand)
	}
	if s.apps == nil {
		s.apps = []id.App{id.Main}
	}
	if s.every == 0 {
		s.every = repairEvery
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
}

// Close ends the repair and waits for it.
func (s *Service) Close() error {
	s.stop()
	s.work.Wait()
	return nil
}

// Create makes a room. With a key, the same request within 10 minutes answers the same room. Faults: invalid,
// idempotency_mismatch.
func (s *Service) Create(ctx context.Context, d Draft, key id.Command) (Room, error) {
	now := s.now().UTC()
	r, err := d.room(id.NewRoom(), now)
	if err != nil {
		return Room{}, err
	}
	if key != "" {
		if r.ID, err = s.claim(ctx, d, key, r.ID, now); err != nil {
			return Room{}, err
		}
	}
	err = s.store.Put(ctx, r)
	if key != "" && fault.Is(err, fault.CodeConflict) {
		return s.Room(ctx, r.App, r.ID) // made by the first request under this key
	}
	if err != nil {
		return Room{}, fmt.Errorf("store room %s: %w", r.ID, err)
	}
	s.log.InfoContext(ctx, "room created", "room", r.ID, "host", r.Host)
	return r, nil
}

// claim answers the room that belongs to an idempotency key.
func (s *Service) claim(ctx context.Context, d Draft, key id.Command, room id.Room, now time.Time) (id.Room, error) {
	sum, err := d.sum()
	if err != nil {
		return "", err
	}
	mine := Claim{App: d.App, User: d.Host, Key: key, Sum: sum, Room: room, Expires: now.Add(claimKept)}
	inForce, err := s.store.Claim(ctx, mine, now)
	if err != nil {
		return "", fmt.Errorf("claim idempotency key: %w", err)
	}
	return inForce.Room, inForce.answers(mine)
}

// Room answers one room. Fault: not_found.
func (s *Service) Room(ctx context.Context, app id.App, room id.Room) (Room, error) {
	r, err := s.store.Load(ctx, app, room)
	if err != nil {
		return Room{}, fmt.Errorf("load room %s: %w", room, err)
	}
	return r, nil
}

// List answers a page of live rooms, newest first, and the cursor of the next; "" where there is none. A limit of 0 is 20.
func (s *Service) List(ctx context.Context, app id.App, limit int, cursor string) ([]Room, string, error) {
	if limit == 0 {
		limit = defaultListed
	}
	if limit < 1 || limit > maxListed {
		return nil, "", fault.Invalid("limit", fmt.Sprintf("1 to %d", maxListed))
	}
	after, err := s.cursors.read(app, cursor)
	if err != nil {
		return nil, "", err
	}
	rooms, err := s.store.Live(ctx, app, after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list live rooms: %w", err)
	}
	if len(rooms) <= limit {
		return rooms, "", nil
	}
	last := rooms[limit-1]
	return rooms[:limit], s.cursors.text(app, Place{last.Started, last.ID}), nil
}

// Start opens the stage, then marks the row live. A live room is answered as it is. Faults: forbidden, ended.
func (s *Service) Start(ctx context.Context, app id.App, room id.Room, user id.User) (Room, error) {
	r, err := s.Room(ctx, app, room)
	if err != nil {
		return Room{}, err
	}
	if err := r.mustHost(user, "start"); err != nil {
		return Room{}, err
	}
	if r.State == StateScheduled {
		if r, err = s.command(ctx, r, wireOpen(r)); err != nil {
			return Room{}, err
		}
	}
	if r.State == StateEnded {
		return Room{}, ended()
	}
	return r, nil
}

// End ends the stage, then marks the row ended. An ended room is answered as it is. Faults: forbidden, not_live.
func (s *Service) End(ctx context.Context, app id.App, room id.Room, user id.User) (Room, error) {
	r, err := s.Room(ctx, app, room)
	if err != nil {
		return Room{}, err
	}
	if err := r.mustHost(user, "end"); err != nil {
		return Room{}, err
	}
	if r.State == StateEnded {
		return r, nil
	}
	return s.command(ctx, r, wireEnd(r))
}

// command applies a command to the stage and lets the row follow. Where the stage is over already, the row learns that.
func (s *Service) command(ctx context.Context, r Room, in *listenerstatev1.ApplyRequest) (Room, error) {
	answer, err := s.stage.Apply(ctx, in)
	if err == nil {
		return s.settle(ctx, r, readStage(answer.GetStage()))
	}
	f := fault.From(err)
	switch f.Code {
	case fault.CodeEnded:
		stage, err := s.look(ctx, r)
		if err != nil {
			return Room{}, err
		}
		return s.settle(ctx, r, stage)
	case fault.CodeNotFound, fault.CodeNotLive:
		return Room{}, notLive()
	}
	return Room{}, fmt.Errorf("%s: %w", in.GetCommandId(), f)
}

// look reads a room's stage.
func (s *Service) look(ctx context.Context, r Room) (Stage, error) {
	answer, err := s.stage.GetStage(ctx, &listenerstatev1.GetStageRequest{App: string(r.App), Room: string(r.ID)})
	if err != nil {
		return Stage{}, fmt.Errorf("look at the stage of %s: %w", r.ID, fault.From(err))
	}
	return readStage(answer.GetStage()), nil
}

// settle writes what a look at the stage says into the row, whoever else writes it.
func (s *Service) settle(ctx context.Context, r Room, stage Stage) (Room, error) {
	for range maxRetries {
		next, changed := r.follow(stage)
		if !changed {
			return r, nil
		}
		err := s.store.Put(ctx, next)
		if err == nil {
			s.log.InfoContext(ctx, "room follows its stage", "room", next.ID, "state", next.State.String())
			return next, nil
		}
		if !fault.Is(err, fault.CodeConflict) {
			return Room{}, fmt.Errorf("store room %s: %w", r.ID, err)
		}
		if r, err = s.Room(ctx, r.App, r.ID); err != nil {
			return Room{}, err
		}
	}
	return Room{}, fault.New(fault.CodeConflict, "the room is being changed by others; try again")
}

// Enter signs what lets a visitor in. Faults: not_live, ended, unauthenticated, forbidden.
func (s *Service) Enter(ctx context.Context, app id.App, room id.Room, v Visitor) (Entrance, error) {
	r, err := s.Room(ctx, app, room)
	if err != nil {
		return Entrance{}, err
	}
	if err := r.admits(v); err != nil {
		return Entrance{}, err
	}
	if v.Speaker {
		stage, err := s.look(ctx, r)
		if err != nil {
			return Entrance{}, err
		}
		if err := stage.admits(v); err != nil {
			return Entrance{}, err
		}
	}
	return s.sign(r, v)
}

// sign makes the grants of a visitor who may enter.
func (s *Service) sign(r Room, v Visitor) (Entrance, error) {
	now := s.now().UTC().Truncate(time.Second)
	e := Entrance{Room: r, GrantExpires: now.Add(token.ListenLifetime)}
	var err error
	if e.Grant, err = s.signer.Sign(r.grant(v, token.RightListen, now, token.ListenLifetime)); err != nil {
		return Entrance{}, err
	}
	if e.Ogg, err = s.signer.Sign(r.grant(v, token.RightOgg, now, token.DoorLifetime)); err != nil {
		return Entrance{}, err
	}
	if v.Speaker {
		e.SpeakExpires = now.Add(token.SpeakLifetime)
		if e.Speak, err = s.signer.Sign(r.grant(v, token.RightSpeak, now, token.SpeakLifetime)); err != nil {
			return Entrance{}, err
		}
	}
	s.metrics.entered(v)
	return e, nil
}
