// Package keybox owns the keys of people who were seen lately, so that a live room goes on while the store of keys is away.
package keybox

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rostrum/internal/id"
)

// ErrAway says that a key cannot be had because the store has been away for a while: it is no use to try again at once.
var ErrAway = errors.New("the store of keys is away")

const (
	most        = 100_000         // keys; the one used longest ago is forgotten first
	patience    = 5 * time.Second // that the store fails before ErrAway
	probeEvery  = time.Second     // that a store which failed is asked again
	callTimeout = 2 * time.Second // of one call
)

// Store has the keys of people's personal fields.
type Store interface {
	Key(ctx context.Context, app id.App, user id.User) ([32]byte, bool, error)
	MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error)
}

// Box remembers keys of a store. A key is used for a while without asking; later it is asked for again, and used all the
// same where the store does not answer. A key that was destroyed is so forgotten after that while.
type Box struct {
	store Store
	fresh time.Duration

	mu    sync.Mutex
	keys  map[person]*list.Element // of entry
	used  list.List                // used last last
	since time.Time                // when the store began to fail; zero: it does not
	probe time.Time                // when it is asked again
}

type person struct {
	app  id.App
	user id.User
}

type entry struct {
	of  person
	key [32]byte
	at  time.Time
}

// New makes a box; fresh is how long a key is used without asking.
func New(store Store, fresh time.Duration) *Box {
	return &Box{store: store, fresh: fresh, keys: make(map[person]*list.Element)}
}

// Key answers a person's key; false where it was never made or is destroyed. Errors: ErrAway; those of the store.
func (b *Box) Key(ctx context.Context, app id.App, user id.User) ([32]byte, bool, error) {
	key, err := b.ask(ctx, person{app, user}, func(ctx context.Context) ([32]byte, bool, error) { return b.store.Key(ctx, app, user) })
	if errors.Is(err, errNone) {
		return key, false, nil
	}
	return key, err == nil, err
}

// MakeKey answers a person's key, after making it durably where there is none. Errors as of Key.
func (b *Box) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	return b.ask(ctx, person{app, user}, func(ctx context.Context) ([32]byte, bool, error) {
		key, err := b.store.MakeKey(ctx, app, user)
		return key, true, err
	})
}

var errNone = errors.New("there is no such key")

func (b *Box) ask(ctx context.Context, of person, ask func(context.Context) ([32]byte, bool, error)) ([32]byte, error) {
	old, known, err := b.known(of)
	if known || err != nil {
		return old.key, err
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	asked := time.Now()
	key, there, err := ask(call)
	switch {
	case err == nil && there:
		b.answered(&entry{of, key, asked}, of)
		return key, nil
	case err == nil:
		b.answered(nil, of)
		return key, errNone
	case ctx.Err() != nil: // who asked is gone; that says nothing of the store
		return key, err
	}
	return b.failed(old, fmt.Errorf("ask for the key of %s: %w", of.user, err))
}

// known answers a key without asking: one that is fresh, or any while the store is away. The entry is what is remembered,
// its time zero where that is nothing.
func (b *Box) known(of person) (entry, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	resting := !b.since.IsZero() && now.Before(b.probe)
	found := b.keys[of]
	if found == nil {
		if resting && now.Sub(b.since) >= patience {
			return entry{}, false, ErrAway
		}
		return entry{}, false, nil
	}
	b.used.MoveToBack(found)
	e, _ := found.Value.(entry)
	return e, resting || now.Sub(e.at) < b.fresh, nil
}

// answered remembers what the store said; nil: that there is no key.
func (b *Box) answered(e *entry, of person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since = time.Time{}
	if old := b.keys[of]; old != nil {
		b.used.Remove(old)
		delete(b.keys, of)
	}
	if e == nil {
		return
	}
	b.keys[of] = b.used.PushBack(*e)
	if oldest := b.used.Front(); b.used.Len() > most {
		gone, _ := b.used.Remove(oldest).(entry)
		delete(b.keys, gone.of)
	}
}

// failed answers what is remembered, where there is something.
func (b *Box) failed(old entry, cause error) ([32]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.since.IsZero() {
		b.since = now
	}
	b.probe = now.Add(probeEvery)
	switch {
	case !old.at.IsZero():
		return old.key, nil
	case now.Sub(b.since) >= patience:
		return old.key, fmt.Errorf("%w: %w", ErrAway, cause)
	}
	return old.key, cause
}
