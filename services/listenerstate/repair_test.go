package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

func TestAWipedRedisLosesNothing(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		seat := request(speaker, TakeSeat{Name: "Stella", Muted: true})
		first := apply(t, s, key, seat)
		w := watch(t, s, key, first.Position)
		h.wipe(t)
		item := next(t, w)
		if item.Snapshot == nil || item.Snapshot.Position != (chain.Position{Term: 2, Offset: 2}) || seatsOf(*item.Snapshot) != "[1 s muted]" {
			t.Fatalf("the watcher hears %+v", item)
		}
		again := apply(t, s, key, seat)
		if again.Position != first.Position || !reflect.DeepEqual(again.Entries, first.Entries) {
			t.Errorf("the same command answers %+v, first was %+v", again, first)
		}
		changed := seat
		changed.Payload[0]++
		_, err := s.Apply(context.Background(), key, changed)
		wantFault(t, "another payload", err, fault.CodeIdempotencyMismatch)
		answer := apply(t, s, key, request(speaker, Unmute{speaker}))
		if answer.Position != (chain.Position{Term: 2, Offset: 3}) {
			t.Errorf("the next event is at %s", answer.Position)
		}
		if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != answer.Position {
			t.Errorf("then it hears %+v", item)
		}
		old := watch(t, s, key, first.Position)
		if item := next(t, old); item.Snapshot == nil || item.Snapshot.Position != answer.Position {
			t.Errorf("a watcher of the old term hears %+v", item)
		}
		h.verify(t, key)
	})
}

// TestWipedAgainAndAgain: people change a room through two instances while Redis is emptied under them.
func TestWipedAgainAndAgain(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		instances := []*Service{h.open(t), h.open(t)}
		key := openRoom(t, instances[0])
		const people, turns, wipes = 8, 30, 5
		var acknowledged sync.Map // position -> hash
		var done atomic.Int64
		var speaking sync.WaitGroup
		for i := range people {
			speaking.Go(func() {
				me := id.NewUser()
				for range turns {
					for _, command := range []Command{TakeSeat{}, LeaveSeat{me}} {
						answer := insist(t, instances[i%2], key, request(me, command))
						for _, entry := range answer.Entries {
							if was, again := acknowledged.Swap(entry.Event.Position, chain.Sum(entry.Bytes)); again {
								t.Errorf("%s was given twice: %x", entry.Event.Position, was)
							}
						}
						done.Add(1)
					}
				}
			})
		}
		for n := range wipes {
			testkit.Eventually(t, time.Minute, func() error {
				if done.Load() < int64((n+1)*people*turns*2/(wipes+1)) {
					return errors.New("too few commands were answered")
				}
				return nil
			})
			term := termOf(t, instances[0], key)
			h.wipe(t)
			testkit.Eventually(t, time.Minute, func() error { // a wipe before the repair of the last one is no wipe
				if now := termOf(t, instances[0], key); now <= term {
					return fmt.Errorf("wipe %d: still in term %d", n, now)
				}
				return nil
			})
		}
		speaking.Wait()
		hashes, terms := make(map[chain.Position]chain.Hash), make(map[uint64]bool)
		for _, e := range h.verify(t, key) {
			bytes, err := encodeEvent(key, e)
			if err != nil {
				t.Fatal(err)
			}
			hashes[e.Position], terms[e.Position.Term] = chain.Sum(bytes), true
		}
		acknowledged.Range(func(position, hash any) bool {
			if hashes[position.(chain.Position)] != hash.(chain.Hash) {
				t.Errorf("%s was acknowledged and is lost", position)
			}
			return true
		})
		if len(terms) < 2 { // a term in which nothing happened has no events
			t.Error("every command was answered before the first wipe")
		}
	})
}

// termOf answers a room's term, repaired where it has to be.
func termOf(t *testing.T, s *Service, key chain.Key) uint64 {
	t.Helper()
	var stage Stage
	testkit.Eventually(t, time.Minute, func() (err error) {
		stage, err = s.Stage(context.Background(), key, chain.Position{})
		return err
	})
	return stage.Position.Term
}

// insist sends a request until it is answered, as a client would.
func insist(t *testing.T, s *Service, key chain.Key, r Request) Answer {
	var last error
	for begun := time.Now(); time.Since(begun) < time.Minute; <-time.After(time.Millisecond) {
		answer, err := s.Apply(context.Background(), key, r)
		if err == nil {
			return answer
		}
		if last = err; !passing(err) {
			break
		}
	}
	t.Errorf("%s of %+v: %v", r.Actor, r.Command, last)
	return Answer{}
}

func TestAnOlderRedisIsRepaired(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		log, head := "{"+key.String()+"}:log", "{"+key.String()+"}:head"
		seated := apply(t, s, key, request(speaker, TakeSeat{}))
		older := h.client.HGetAll(ctx, head).Val()
		apply(t, s, key, request(speaker, Mute{speaker}))
		h.settled(t, key) // a new instance asks the archive alone
		if err := h.client.XDel(ctx, log, "1-3").Err(); err != nil {
			t.Fatal(err)
		}
		if err := h.client.HSet(ctx, head, older).Err(); err != nil {
			t.Fatal(err)
		}
		for name, instance := range map[string]*Service{"the instance that wrote": s, "a new one": h.open(t)} {
			stage, err := instance.Stage(ctx, key, seated.Position)
			if err != nil || stage.Position != (chain.Position{Term: 2, Offset: 3}) || seatsOf(stage) != "[1 s muted]" {
				t.Errorf("%s reads %+v, %v", name, stage, err)
			}
		}
	})
}

func TestALogWithAnotherPastIsRepaired(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		seated := apply(t, s, key, request(speaker, TakeSeat{}))
		h.wipe(t)
		// Somebody who knew nothing of the archive made the room anew, one event further.
		other := h.open(t, func(c *Config) { c.Archive, _ = newArchive(t) })
		apply(t, other, key, request(host, OpenRoom{Host: host, OpenStage: true}))
		apply(t, other, key, request(stranger, TakeSeat{}))
		apply(t, other, key, request(invited, TakeSeat{}))
		stage, err := h.open(t).Stage(context.Background(), key, seated.Position)
		if err != nil || stage.Position.Term != 2 || seatsOf(stage) != "[1 s]" {
			t.Errorf("read %+v, %v", stage, err)
		}
	})
}

// stubborn is an archive that fails or stands still when told to.
type stubborn struct {
	Archive
	fail  atomic.Bool
	mu    sync.Mutex // while it is held, nothing reaches the disk
	stuck []func()
	hold  bool
}

func (a *stubborn) Append(key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) *chain.Write {
	write := chain.NewWrite()
	if a.fail.Load() {
		write.Finish(errors.New("no space left on device"))
		return write
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.hold {
		return a.Archive.Append(key, after, records, snapshot)
	}
	a.stuck = append(a.stuck, func() {
		write.Finish(a.Archive.Append(key, after, records, snapshot).Wait(context.Background()))
	})
	return write
}

func (a *stubborn) stand(still bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = still
	for _, write := range a.stuck {
		write()
	}
	a.stuck = nil
}

func TestWhatIsNotHeldTwiceIsNotTold(t *testing.T) {
	everyArchiveHouse(t, func(t *testing.T, h *house) {
		archive := &stubborn{Archive: h.archive}
		s := h.open(t, func(c *Config) { c.Archive = archive })
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		archive.stand(true)
		answered := make(chan Answer, 1)
		go func() { answered <- insist(t, s, key, request(speaker, TakeSeat{})) }()
		testkit.Eventually(t, time.Minute, func() error {
			if h.client.XLen(context.Background(), "{"+key.String()+"}:log").Val() < 2 {
				return errors.New("the event is not in Redis")
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		if item, err := w.Next(ctx); err == nil && item.Entry != nil {
			t.Errorf("heard %+v before the archive had it", item.Entry.Event)
		}
		select {
		case answer := <-answered:
			t.Errorf("answered %s before the archive had it", answer.Position)
		default:
		}
		archive.stand(false)
		answer := <-answered
		if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != answer.Position {
			t.Errorf("heard %+v, want %s", item, answer.Position)
		}
	})
}

func TestAFullDiskIsNotAnAnswer(t *testing.T) {
	everyArchiveHouse(t, func(t *testing.T, h *house) {
		archive := &stubborn{Archive: h.archive}
		s := h.open(t, func(c *Config) { c.Archive = archive })
		key := openRoom(t, s)
		archive.fail.Store(true)
		seat := request(speaker, TakeSeat{})
		for range 3 {
			_, err := s.Apply(context.Background(), key, seat)
			wantFault(t, "no room on disk", err, fault.CodeUnavailable)
			_, err = s.Stage(context.Background(), key, chain.Position{})
			wantFault(t, "reading what is not safe", err, fault.CodeUnavailable)
		}
		archive.fail.Store(false)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		if answer := apply(t, s, key, seat); answer.Position.Offset != 2 || len(answer.Entries) != 1 {
			t.Errorf("then it answers %+v", answer)
		}
		if item := next(t, w); item.Entry == nil || item.Entry.Event.Position.Offset != 2 {
			t.Errorf("heard %+v", item)
		}
		h.verify(t, key)
	})
}

// TestAnInstanceThatDiedBetween: an event is in Redis, and whoever appended it never came to archive it.
func TestAnInstanceThatDiedBetween(t *testing.T) {
	everyArchiveHouse(t, func(t *testing.T, h *house) {
		archive := &stubborn{Archive: h.archive}
		dying, s := h.open(t, func(c *Config) { c.Archive = archive }), h.open(t)
		key := openRoom(t, s)
		w := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		archive.fail.Store(true)
		seat := request(speaker, TakeSeat{})
		_, err := dying.Apply(context.Background(), key, seat)
		wantFault(t, "the dying instance", err, fault.CodeUnavailable)
		if item := next(t, w); item.Entry == nil || item.Entry.Event.Position.Offset != 2 {
			t.Errorf("the watcher of another instance hears %+v", item)
		}
		if answer := apply(t, s, key, seat); answer.Position.Offset != 2 {
			t.Errorf("another instance answers %s", answer.Position)
		}
		h.verify(t, key)
	})
}

func TestAnEndedRoomStaysEnded(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		apply(t, s, key, request(host, EndRoom{}))
		for range 2 {
			h.wipe(t) // also what the end of its keys' lifetime does
			_, err := s.Apply(ctx, key, request(host, OpenRoom{Host: host, OpenStage: true}))
			wantFault(t, "opening it again", err, fault.CodeEnded)
			if left := h.client.PTTL(ctx, "{"+key.String()+"}:head").Val(); left <= 0 || left > endedLifetime {
				t.Errorf("its keys live %v", left)
			}
		}
	})
}
