package stagelog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// backWithin is how long logs may be away whose shard lost its master; here it takes some 3 s.
const backWithin = 60 * time.Second

// writer is who appends to one log, one record after the other.
type writer struct {
	key chain.Key
	log *Log

	mu       sync.Mutex
	head     chain.Head
	held     uint64 // newest offset that a replica had
	last     time.Time
	silence  time.Duration
	rung     time.Time
	verified int // times that the log was found in another life of Redis
	wrong    error
}

// write appends until ctx ends.
func (w *writer) write(ctx context.Context) {
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, time.Second)
		err := w.append(call)
		cancel()
		if err != nil && ctx.Err() == nil {
			w.orient(ctx, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (w *writer) append(ctx context.Context) error {
	w.mu.Lock()
	head := w.head
	w.mu.Unlock()
	added := records(head, 1)
	done, err := w.log.Append(ctx, w.key, Append{Expect: head, Now: time.Now(), Records: added, Wait: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.head = added[0].Head()
	if done.Replicated {
		w.held = w.head.Offset
	}
	now := time.Now()
	if !w.last.IsZero() {
		w.silence = max(w.silence, now.Sub(w.last))
	}
	w.last = now
	w.mu.Unlock()
	return w.log.Acknowledge(ctx, w.key, added[0].Position, "")
}

// orient learns where a log stands after an append that did not work, and verifies it in its new life.
func (w *writer) orient(ctx context.Context, failed error) {
	page, err := w.log.Head(ctx, w.key)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case errors.Is(err, ErrRestarted):
		if taken, err := w.log.Lock(ctx, w.key, "token", time.Second); err == nil && taken && w.log.Trust(ctx, w.key, "token") == nil {
			w.verified++
		}
	case errors.Is(err, ErrLost) && w.head.Offset > 0:
		w.wrong = fmt.Errorf("the log is gone after %w", failed)
	case err != nil: // it is away
		return
	}
	if page.Head.Offset < w.held {
		w.wrong = fmt.Errorf("the log ends at %d, a replica had %d", page.Head.Offset, w.held)
	}
	w.head = page.Head
}

func (w *writer) since(moment time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wrong != nil || !w.last.After(moment) || !w.rung.After(moment) {
		return fmt.Errorf("%s was appended to last at %v, and it rang last at %v, %v", w.key, w.last, w.rung, w.wrong)
	}
	return nil
}

// A master is killed under appends to guarded logs on all shards: what a replica had is there after it, each log of that
// shard is verified again, and the doorbell rings again for all.
func TestAMasterIsKilledUnderAppends(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	nodes := cluster.Start(t)
	l := NewGuarded(connect(t, nodes.Addresses...))
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	writers := map[chain.Key]*writer{}
	for range 12 {
		w := &writer{key: newKey(), log: l}
		writers[w.key] = w
	}
	work.Go(func() {
		l.Listen(ctx, Listener{Rung: func(key chain.Key) {
			w := writers[key]
			if w == nil {
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.rung = time.Now()
		}, Missed: func() {}})
	})
	for _, w := range writers {
		work.Go(func() { w.write(ctx) })
	}
	all := func(moment time.Time) {
		t.Helper()
		for _, w := range writers {
			testkit.Eventually(t, backWithin, func() error { return w.since(moment) })
		}
	}
	all(time.Now())
	var one *writer
	for _, w := range writers {
		one = w
	}
	killed := nodes.Kill(t, keysOf(one.key).head)
	all(time.Now().Add(5 * time.Second))
	nodes.Revive(t, killed)
	all(time.Now())
	stop()
	work.Wait()

	if one.verified == 0 {
		t.Error("a log that moved to another server was not found to")
	}
	for _, w := range writers {
		if w.wrong != nil {
			t.Errorf("%s: %v", w.key, w.wrong)
		}
		if w.held == 0 {
			t.Errorf("%s: no replica had anything", w.key)
		}
	}
	t.Logf("without appends for %v", one.silence)
}
