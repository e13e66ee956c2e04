package account

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/internal/token"
)

// Store keeps people. Each write is of one row and conditional on its version.
type Store interface {
	// Put writes a user whose version is one above the stored one's; version 1 is a new row. Fault: conflict.
	Put(context.Context, User) error
	// Load answers a user, expired or not, as long as the row is there. Fault: not_found.
	Load(context.Context, id.App, id.User) (User, error)
}

// Config is what a Service needs.
type Config struct {
	Store Store
	// Keys seal access tokens; the first is used.
	Keys    token.AccessKeys
	Now     func() time.Time      // nil: time.Now
	Log     *slog.Logger          // nil: none
	Metrics prometheus.Registerer // may be nil
}

// Validate says whether a service can be made of it.
func (c Config) Validate() error {
	if c.Store == nil {
		return fmt.Errorf("account: no store")
	}
	if len(c.Keys) == 0 {
		return fmt.Errorf("account: no key to seal access tokens with")
	}
	return nil
}

// Service makes and finds people.
type Service struct {
	store  Store
	keys   token.AccessKeys
	now    func() time.Time
	log    *slog.Logger
	guests prometheus.Counter
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Service{store: cfg.Store, keys: cfg.Keys, now: cfg.Now, log: cfg.Log, guests: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "rostrum_account_guests_total", Help: "Guests made.",
	})}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, obs.Register(cfg.Metrics, s.guests)
}

// Ticket is an access token and its end.
type Ticket struct {
	Text    string
	Expires time.Time
}

// CreateGuest makes a person and the token that says so.
func (s *Service) CreateGuest(ctx context.Context, g NewGuest) (User, Ticket, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	user, err := g.guest(id.NewUser(), now)
	if err != nil {
		return User{}, Ticket{}, err
	}
	access := user.access(now)
	sealed, err := s.keys.Seal(access)
	if err != nil {
		return User{}, Ticket{}, err
	}
	if err := s.store.Put(ctx, user); err != nil {
		return User{}, Ticket{}, fmt.Errorf("store guest %s: %w", user.ID, err)
	}
	s.guests.Inc()
	s.log.Debug("guest made", "user", user.ID)
	return user, Ticket{sealed, access.Expires.Truncate(time.Second)}, nil
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
