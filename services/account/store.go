package account

import (
	"context"

	"rostrum/internal/id"
	"rostrum/internal/obs"
)

// Store keeps people. Each write is of one row and conditional on its version.
type Store interface {
	// Put writes a user whose version is one above the stored one's; version 1 is a new row. Fault: conflict.
	Put(context.Context, User) error
	// Load answers a user, expired or not, as long as the row is there. Fault: not_found.
	Load(context.Context, id.App, id.User) (User, error)
}

// timedStore times a store and shows its calls in traces.
type timedStore struct {
	store Store
	calls *obs.Calls
}

var _ Store = timedStore{}

func (s timedStore) Put(ctx context.Context, u User) error {
	ctx, done := s.calls.Begin(ctx, "put")
	err := s.store.Put(ctx, u)
	done(err)
	return err
}

func (s timedStore) Load(ctx context.Context, app id.App, user id.User) (User, error) {
	ctx, done := s.calls.Begin(ctx, "load")
	u, err := s.store.Load(ctx, app, user)
	done(err)
	return u, err
}
