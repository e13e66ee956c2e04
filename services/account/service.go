package account

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

// refreshTries bounds the repeats of a write that others came before.
const refreshTries = 16

// sealer makes access tokens.
type sealer interface {
	Seal(token.Access) (string, error)
}

// Config is what a Service needs.
type Config struct {
	Store   Store
	Tokens  sealer
	Now     func() time.Time      // nil: time.Now
	Log     *slog.Logger          // nil: none
	Metrics prometheus.Registerer // may be nil
}

// Validate says whether a service can be made of it.
func (c Config) Validate() error {
	if c.Store == nil {
		return fmt.Errorf("account: no store")
	}
	if c.Tokens == nil {
		return fmt.Errorf("account: nothing to seal access tokens with")
	}
	return nil
}

// Service makes and finds people.
type Service struct {
	store   Store
	tokens  sealer
	now     func() time.Time
	log     *slog.Logger
	metrics metrics
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Service{store: timedStore{cfg.Store, m.stores}, tokens: cfg.Tokens, now: cfg.Now, log: cfg.Log, metrics: m}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Tickets are a person's tokens and their ends.
type Tickets struct {
	Access         string
	AccessExpires  time.Time
	Refresh        string
	RefreshExpires time.Time
}

// CreateGuest makes a person, and the tokens that say so.
func (s *Service) CreateGuest(ctx context.Context, g NewGuest) (User, Tickets, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	device := newDeviceID()
	user, err := g.guest(id.NewUser(), device, now)
	if err != nil {
		return User{}, Tickets{}, err
	}
	first := newRefreshToken(user.ID, device)
	known, _ := user.device(device)
	user = user.with(known.issued(first.hash(), now)).used(now)
	tickets, err := s.tickets(user, first, now)
	if err != nil {
		return User{}, Tickets{}, err
	}
	if err := s.store.Put(ctx, user); err != nil {
		return User{}, Tickets{}, fmt.Errorf("store guest %s: %w", user.ID, err)
	}
	s.metrics.guests.Inc()
	s.log.Debug("guest made", "user", user.ID)
	return user, tickets, nil
}

// Refresh exchanges a refresh token for other tokens. Faults: unauthenticated, also for a token that was used before and
// whose device this ends; expired.
func (s *Service) Refresh(ctx context.Context, app id.App, text string) (User, Tickets, error) {
	used, err := parseRefreshToken(text)
	if err != nil {
		return User{}, Tickets{}, err
	}
	for range refreshTries {
		user, tickets, err := s.refresh(ctx, app, used)
		if !fault.Is(err, fault.CodeConflict) {
			return user, tickets, err
		}
	}
	return User{}, Tickets{}, fault.Unavailable(nil, "these tokens are renewed by too many at once; try again")
}

// refresh tries once. Fault: conflict, where another change of the person came first.
func (s *Service) refresh(ctx context.Context, app id.App, used refreshToken) (User, Tickets, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	user, err := s.store.Load(ctx, app, used.user)
	if fault.Is(err, fault.CodeNotFound) {
		return User{}, Tickets{}, errNotOurs
	}
	if err != nil {
		return User{}, Tickets{}, fmt.Errorf("load user %s: %w", used.user, err)
	}
	device, known := user.device(used.device)
	if !known {
		return User{}, Tickets{}, errNotOurs
	}
	if !user.isThere(now) || !device.isThere(now) {
		return User{}, Tickets{}, fault.New(fault.CodeExpired, "this refresh token was not used for 30 days")
	}
	user.Version++
	next := newRefreshToken(user.ID, device.ID)
	rotated, good := device.rotated(used.hash(), next.hash(), now)
	if !good {
		return User{}, Tickets{}, s.endDevice(ctx, user.without(device.ID), device.ID)
	}
	user = user.with(rotated).used(now)
	tickets, err := s.tickets(user, next, now)
	if err != nil {
		return User{}, Tickets{}, err
	}
	if err := s.store.Put(ctx, user); err != nil {
		return User{}, Tickets{}, fmt.Errorf("store user %s: %w", user.ID, err)
	}
	s.metrics.refreshes.Inc()
	return user, tickets, nil
}

// endDevice stores a user without a device of whose tokens somebody has a copy.
func (s *Service) endDevice(ctx context.Context, user User, ended DeviceID) error {
	if err := s.store.Put(ctx, user); err != nil {
		return fmt.Errorf("store user %s: %w", user.ID, err)
	}
	s.metrics.ended.Inc()
	s.log.WarnContext(ctx, "a refresh token was used again: its device has ended", "user", user.ID, "device", ended)
	return errNotOurs
}

func (s *Service) tickets(user User, refresh refreshToken, now time.Time) (Tickets, error) {
	access := user.access(now)
	sealed, err := s.tokens.Seal(access)
	if err != nil {
		return Tickets{}, err
	}
	device, _ := user.device(refresh.device)
	return Tickets{
		Access: sealed, AccessExpires: access.Expires.Truncate(time.Second), // as the token has it
		Refresh: refresh.text(), RefreshExpires: device.Expires,
	}, nil
}

// User answers one person. Fault: not_found.
func (s *Service) User(ctx context.Context, app id.App, user id.User) (User, error) {
	u, err := s.store.Load(ctx, app, user)
	if err != nil {
		return User{}, fmt.Errorf("load user %s: %w", user, err)
	}
	if !u.isThere(s.now()) {
		return User{}, fault.New(fault.CodeNotFound, "there is no such person")
	}
	return u, nil
}
