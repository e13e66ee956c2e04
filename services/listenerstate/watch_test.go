package listenerstate

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

func TestWatchersHearSnapshotThenEvents(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{})
		if item := next(t, w); item.Snapshot == nil || item.Snapshot.Position.Offset != 1 || item.Snapshot.Title != "Morning" {
			t.Fatalf("first came %+v", item)
		}
		seated := apply(t, s, key, request(speaker, TakeSeat{Name: "Stella"}))
		muted := apply(t, s, key, request(speaker, Mute{speaker}))
		for _, want := range []Answer{seated, muted} {
			if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != want.Position {
				t.Errorf("came %+v, want %s", item, want.Position)
			}
		}
		resumed := watch(t, s, key, seated.Position)
		if item := next(t, resumed); item.Entry == nil || item.Entry.Event.Position != muted.Position {
			t.Errorf("after %s came %+v", seated.Position, item)
		}
		_, err := s.Watch(context.Background(), key, chain.Position{Term: 1, Offset: 4})
		wantFault(t, "a position to come", err, fault.CodeFromAhead)
	})
}

func TestIdleWatchersHearThatTheirPositionHolds(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		for range 2 {
			item, err := w.Next(context.Background())
			if err != nil || item.Still == nil || *item.Still != (chain.Position{Term: 1, Offset: 1}) {
				t.Fatalf("%+v, %v", item, err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := w.Next(ctx); err == nil {
			t.Error("a caller who left hears on")
		}
	})
}

func TestTooOldAWatcherHearsASnapshot(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		var last Answer
		for range 5 {
			last = apply(t, s, key, request(speaker, TakeSeat{}))
			last = apply(t, s, key, request(speaker, LeaveSeat{speaker}))
		}
		// What acknowledging does after 4,096 events.
		if err := h.client.XTrimMinID(context.Background(), "{"+key.String()+"}:log", "1-8").Err(); err != nil {
			t.Fatal(err)
		}
		for from, wantSnapshot := range map[uint64]bool{1: true, 6: true, 7: false, 10: false} {
			item := next(t, watch(t, s, key, chain.Position{Term: 1, Offset: from}))
			if (item.Snapshot != nil) != wantSnapshot {
				t.Errorf("after offset %d came %+v", from, item)
			}
			if item.Snapshot != nil && item.Snapshot.Position != last.Position {
				t.Errorf("the snapshot is of %s, want %s", item.Snapshot.Position, last.Position)
			}
		}
	})
}

func TestWatchersAreBounded(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t, func(c *Config) { c.WatchersMost = 1 })
		key := openRoom(t, s)
		w, err := s.Watch(context.Background(), key, chain.Position{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Watch(context.Background(), key, chain.Position{})
		wantFault(t, "one too many", err, fault.CodeRateLimited)
		w.Close(endLeft)
		watch(t, s, key, chain.Position{})
		if n := s.bells.watchers(); n != 1 {
			t.Errorf("%d bells hang", n)
		}
	})
}

func TestAClosedServiceEndsItsWatchers(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		ended := make(chan error, 1)
		go func() {
			for {
				if _, err := w.Next(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}()
		s.Close()
		wantFault(t, "watching on", <-ended, fault.CodeMoved)
	})
}

// TestFiftySpeakAtOnce: two instances, 50 people changing one room, ten watchers of which half are cut again and again.
// All hear the same, in the order of the archive, each event once.
func TestFiftySpeakAtOnce(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		const people, turns, watchers = 50, 6, 10
		instances := []*Service{h.open(t), h.open(t)}
		key := openRoom(t, instances[0])
		from := chain.Position{Term: 1, Offset: 1}
		heard := make([][]chain.Hash, watchers)
		var listening sync.WaitGroup
		for i := range heard {
			listening.Go(func() { heard[i] = listen(t, instances, key, from, i) })
		}
		var speaking sync.WaitGroup
		for i := range people {
			speaking.Go(func() { speak(t, instances[i%2], key, turns) })
		}
		speaking.Wait()
		apply(t, instances[0], key, request(host, EndRoom{}))
		listening.Wait()

		events := h.verify(t, key)
		if want := 1 + people*turns*2 + 1; len(events) != want {
			t.Errorf("%d events are archived, want %d", len(events), want)
		}
		for i, hashes := range heard {
			if len(hashes) != len(events)-1 {
				t.Fatalf("watcher %d heard %d of %d events", i, len(hashes), len(events)-1)
			}
			for n, e := range events[2:] {
				if hashes[n] != e.Prev {
					t.Fatalf("watcher %d heard another event %d", i, n+2)
				}
			}
		}
	})
}

func speak(t *testing.T, s *Service, key chain.Key, turns int) {
	me := id.NewUser()
	for range turns {
		apply(t, s, key, request(me, TakeSeat{}))
		apply(t, s, key, request(me, LeaveSeat{me}))
	}
}

// listen hears a room to its end and answers the hashes of what it heard. An odd one is cut after a few events and
// resumes at another instance.
func listen(t *testing.T, instances []*Service, key chain.Key, from chain.Position, number int) []chain.Hash {
	var hashes []chain.Hash
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for turn := number; ; turn++ {
		w, err := instances[turn%2].Watch(ctx, key, from)
		if err != nil {
			t.Errorf("watcher %d: %v", number, err)
			return hashes
		}
		for left := 1 + rand.IntN(40); number%2 == 0 || left > 0; left-- {
			item, err := w.Next(ctx)
			if err != nil || item.Snapshot != nil {
				t.Errorf("watcher %d after %s: %+v, %v", number, from, item, err)
				return hashes
			}
			if item.Still != nil {
				continue
			}
			from = item.Entry.Event.Position
			hashes = append(hashes, chain.Sum(item.Entry.Bytes))
			if _, over := item.Entry.Event.Change.(RoomEnded); over {
				w.Close(endLeft)
				return hashes
			}
		}
		w.Close(endLeft)
	}
}
