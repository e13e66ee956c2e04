package test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

// follower is what one person was told of a stage, in order, until the test ends.
type follower struct {
	*stage.Follower

	mu        sync.Mutex
	events    []told[stage.Event]
	places    []told[stage.Place]
	enforced  []told[api.Position]
	snapshots []told[stage.Stage]
	ended     error
}

// told is something and when it came.
type told[T any] struct {
	what T
	at   time.Time
}

// follow opens the events socket of a room and keeps what comes.
func (s *system) follow(t testing.TB, person *api.Client, room string) *follower {
	t.Helper()
	return follow(t, stage.Config{URL: s.url, Room: id.Room(room), Token: person.AccessToken, HTTPClient: s.http})
}

func follow(t testing.TB, cfg stage.Config) *follower {
	t.Helper()
	cfg.Waiting = 1 << 20 // a busy machine may let thousands wait; a test wants each
	opened, err := stage.Follow(bounded(t), cfg)
	must(t, err)
	f := &follower{Follower: opened}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			item, err := opened.Next(ctx)
			if f.keep(item, err) {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		opened.Close()
		<-done
	})
	return f
}

func (f *follower) keep(item stage.Item, err error) (over bool) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		f.ended = err
		return true
	case item.Event != nil:
		f.events = append(f.events, told[stage.Event]{*item.Event, now})
	case item.Place != nil:
		f.places = append(f.places, told[stage.Place]{*item.Place, now})
	case item.Enforced != nil:
		f.enforced = append(f.enforced, told[api.Position]{*item.Enforced, now})
	case item.Snapshot != nil:
		f.snapshots = append(f.snapshots, told[stage.Stage]{*item.Snapshot, now})
	}
	return false
}

func (f *follower) allEvents() []told[stage.Event] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// event waits for the first event of a kind about a person ("": anyone or nobody) after a position.
func (f *follower) event(t testing.TB, after api.Position, kind stage.Kind, user string) told[stage.Event] {
	t.Helper()
	return f.eventWithin(t, patience, after, kind, user)
}

func (f *follower) eventWithin(t testing.TB, within time.Duration, after api.Position, kind stage.Kind, user string) told[stage.Event] {
	t.Helper()
	var found told[stage.Event]
	testkit.Eventually(t, within, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		i := slices.IndexFunc(f.events, func(e told[stage.Event]) bool {
			return e.what.Kind == kind && (user == "" || e.what.User == user) && e.what.Position.After(after)
		})
		if i < 0 {
			return fmt.Errorf("no %s of %q after %v among %d events; ended: %v", kind, user, after, len(f.events), f.ended)
		}
		found = f.events[i]
		return nil
	})
	return found
}

// until waits until what was told has come to a position, and answers all events up to it. What is told is kept a moment after
// Stage has it.
func (f *follower) until(t testing.TB, position api.Position) []told[stage.Event] {
	t.Helper()
	var all []told[stage.Event]
	testkit.Eventually(t, patience, func() error {
		all = f.allEvents()
		i := slices.IndexFunc(all, func(e told[stage.Event]) bool { return e.what.Position == position })
		if i < 0 {
			_, err := f.Connected()
			return fmt.Errorf("no event at %v among %d; the stage is at %v; %v", position, len(all), f.Stage().Position, err)
		}
		all = all[:i+1]
		return nil
	})
	return all
}

// enforcement waits until it was told that the SFU does what the stage says at a position, and answers when that was.
func (f *follower) enforcement(t testing.TB, of api.Position) time.Time {
	t.Helper()
	var at time.Time
	testkit.Eventually(t, patience, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		i := slices.IndexFunc(f.enforced, func(e told[api.Position]) bool { return !of.After(e.what) })
		if i < 0 {
			return fmt.Errorf("%v is not told to be enforced; ended: %v", of, f.ended)
		}
		at = f.enforced[i].at
		return nil
	})
	return at
}

// reaches waits until the stage is as wanted.
func (f *follower) reaches(t testing.TB, what string, wanted func(stage.Stage) bool) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if now := f.Stage(); !wanted(now) {
			text, _ := json.Marshal(now)
			return fmt.Errorf("%s: the stage is %.2000s", what, text)
		}
		return nil
	})
}

// closed waits until the gateway ended the socket for good.
func (f *follower) closed(t testing.TB) error {
	t.Helper()
	var why error
	testkit.Eventually(t, patience, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if why = f.ended; why == nil {
			return fmt.Errorf("the events socket is open still")
		}
		return nil
	})
	return why
}

// ask gives a command over the socket.
func (f *follower) ask(t testing.TB, c stage.Command) stage.Answer {
	t.Helper()
	answer, err := f.Do(bounded(t), c)
	must(t, err)
	return answer
}

// is fails the test where an error has another code.
func is(t testing.TB, what string, err error, code string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Errorf("%s: %v, wanted %s", what, err, code)
	}
}
