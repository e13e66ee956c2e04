package listenerstate

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// readings counts how often logs are read.
type readings struct{ n atomic.Int64 }

func (*readings) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*readings) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (r *readings) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		for _, command := range commands {
			if command.Name() == "xrange" {
				r.n.Add(1)
			}
		}
		return next(ctx, commands)
	}
}

// TestManyWatchersReadOnce: sixty watch a room, and Redis is read about as often as for one.
func TestManyWatchersReadOnce(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		const watchers, events = 60, 200
		s := h.open(t)
		key := openRoom(t, s)
		var all []*Watcher
		for range watchers {
			all = append(all, watch(t, s, key, chain.Position{Term: 1, Offset: 1}))
		}
		var count readings
		h.client.AddHook(&count)
		start := time.Now()
		var listening sync.WaitGroup
		for i, w := range all {
			listening.Go(func() {
				for want := uint64(2); want < 2+events; want++ {
					item, err := w.Next(context.Background())
					for err == nil && item.Still != nil {
						item, err = w.Next(context.Background())
					}
					if err != nil || item.Entry == nil || item.Entry.Event.Position.Offset != want {
						t.Errorf("watcher %d heard %+v, %v; want offset %d", i, item, err, want)
						return
					}
				}
			})
		}
		for range events {
			apply(t, s, key, raise())
		}
		listening.Wait()
		// One for each ring of the doorbell, and for each tick of a clock by which the room was quiet.
		quiet := int64(time.Since(start)/tailLives) + 1
		if n := count.n.Load(); n > 2*events+2*quiet {
			t.Errorf("%d watchers of %d events read the log %d times", watchers, events, n)
		}
	})
}

// TestTheDoorbellIsHeard: without it each event would come with the poll beneath, a second later.
func TestTheDoorbellIsHeard(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		const events = 60
		s, other := h.open(t), h.open(t)
		key := openRoom(t, s)
		watchers := []*Watcher{watch(t, s, key, chain.Position{Term: 1, Offset: 1}), watch(t, s, key, chain.Position{Term: 1, Offset: 1})}
		start := time.Now()
		for range events {
			want := apply(t, other, key, raise()).Position
			for _, w := range watchers {
				if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != want {
					t.Fatalf("heard %+v, want %s", item, want)
				}
			}
		}
		if took := time.Since(start); took > events*tailLives/2 {
			t.Errorf("%d events took %v", events, took)
		}
	})
}

func TestAStretchGoesOn(t *testing.T) {
	entries := func(from, to uint64) []Entry {
		var out []Entry
		for offset := from; offset <= to; offset++ {
			out = append(out, Entry{Event: Event{Position: chain.Position{Term: 3, Offset: offset}}})
		}
		return out
	}
	at := func(offset uint64) chain.Position { return chain.Position{Term: 3, Offset: offset} }
	known := stretch{from: at(10), entries: entries(11, 20)}
	known = known.with(stretch{entries: entries(21, 30), acked: 30}, false)
	if known.from != at(10) || known.end() != at(30) || known.acked != 30 {
		t.Fatalf("from %s to %s", known.from, known.end())
	}
	for offset, want := range map[uint64]int{9: -1, 10: 20, 20: 10, 30: 0, 31: -1} {
		got := -1
		if part, there := known.after(at(offset)); there {
			if got = len(part.entries); got > 0 && part.entries[0].Event.Position != at(offset+1) || part.end() != at(30) {
				t.Errorf("after %d comes %s to %s", offset, part.entries[0].Event.Position, part.end())
			}
		}
		if got != want {
			t.Errorf("after %d come %d, want %d", offset, got, want)
		}
	}
	if _, there := known.after(chain.Position{Term: 2, Offset: 15}); there {
		t.Error("it goes on from another term")
	}
	long := known.with(stretch{entries: entries(31, 30+tailMost)}, false)
	if long.from != at(30) || len(long.entries) != tailMost || long.entries[0].Event.Position != at(31) {
		t.Errorf("a long one begins after %s and has %d", long.from, len(long.entries))
	}
	if still := long.with(stretch{}, true); still.from != long.end() || len(still.entries) != 0 {
		t.Errorf("a quiet one begins after %s and has %d", still.from, len(still.entries))
	}
}
