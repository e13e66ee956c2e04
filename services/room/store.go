package room

import (
	"context"
	"time"

	"rostrum/internal/id"
	"rostrum/internal/obs"
)

// Store keeps rooms. Each write is of one row and conditional.
type Store interface {
	// Put writes a room whose version is one above the stored one's; version 1 is a new row. Fault: conflict.
	Put(context.Context, Room) error
	// Load answers a room. Fault: not_found.
	Load(context.Context, id.App, id.Room) (Room, error)
	// Live answers at most limit live rooms after a place, newest start first.
	Live(ctx context.Context, app id.App, after Place, limit int) ([]Room, error)
	// Claim keeps a claim unless another of its key is in force at now, and answers the one that is.
	Claim(ctx context.Context, c Claim, now time.Time) (Claim, error)
}

// timedStore times a store and shows its calls in traces.
type timedStore struct {
	store Store
	calls *obs.Calls
}

var _ Store = timedStore{}

func (s timedStore) Put(ctx context.Context, r Room) error {
	ctx, done := s.calls.Begin(ctx, "put")
	err := s.store.Put(ctx, r)
	done(err)
	return err
}

func (s timedStore) Load(ctx context.Context, app id.App, room id.Room) (Room, error) {
	ctx, done := s.calls.Begin(ctx, "load")
	r, err := s.store.Load(ctx, app, room)
	done(err)
	return r, err
}

func (s timedStore) Live(ctx context.Context, app id.App, after Place, limit int) ([]Room, error) {
	ctx, done := s.calls.Begin(ctx, "live")
	rooms, err := s.store.Live(ctx, app, after, limit)
	done(err)
	return rooms, err
}

func (s timedStore) Claim(ctx context.Context, c Claim, now time.Time) (Claim, error) {
	ctx, done := s.calls.Begin(ctx, "claim")
	inForce, err := s.store.Claim(ctx, c, now)
	done(err)
	return inForce, err
}
