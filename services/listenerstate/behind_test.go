package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// besides opens an instance with an archive that a test can send away.
func (h *house) besides(t testing.TB, away *atomic.Bool, change ...func(*Config)) *tormented {
	t.Helper()
	i := &tormented{archive: &moody{Archive: h.archive, away: away, died: make(chan struct{})}, leave: func() {}}
	i.Service = h.open(t, append([]func(*Config){func(c *Config) { c.Acknowledge, c.Archive = AcknowledgeLog, i.archive }}, change...)...)
	t.Cleanup(func() { i.archive.dead.Store(true) }) // before the instance is closed: it does not wait for its archive then
	return i
}

// served is a house on a server that can be killed, and saves when it is told to.
func served(t *testing.T) (*house, *testkit.Server) {
	t.Helper()
	server := testkit.RedisServer(t)
	h := newHouse(t, server.Address)
	h.acknowledge = AcknowledgeLog
	return h, server
}

// TestAnInstanceThatKnowsLess: Redis comes back older, at just what one instance has seen of a room. It must not go on from
// there, while another has acknowledged more.
func TestAnInstanceThatKnowsLess(t *testing.T) {
	t.Parallel()
	h, server := served(t)
	var away atomic.Bool
	ahead, behind := h.besides(t, &away), h.besides(t, &away)
	key := openRoom(t, ahead.Service)
	seated := apply(t, behind.Service, key, request(speaker, TakeSeat{}))
	h.settled(t, key)
	if err := server.Client.Save(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	away.Store(true)
	muted := apply(t, ahead.Service, key, request(speaker, Mute{speaker}))
	if want := (chain.Position{Term: 1, Offset: 3}); seated.Position.Offset != 2 || muted.Position != want {
		t.Fatalf("seated at %s, muted at %s", seated.Position, muted.Position)
	}
	server.Kill()
	server.Start(t)
	left := request(stranger, TakeSeat{})
	_, err := behind.Apply(context.Background(), key, left)
	wantFault(t, "going on from an older Redis while the archive is away", err, fault.CodeUnavailable)
	away.Store(false)
	answer := insist(t, behind.Service, key, left)
	if want := (chain.Position{Term: 2, Offset: 4}); answer.Position != want || seatsOf(answer.Stage) != "[1 s muted 2 x]" {
		t.Errorf("then it is at %s with %s", answer.Position, seatsOf(answer.Stage))
	}
	h.verify(t, key)
}

// TestARestartIsNoNewTerm: Redis comes back with all that it had.
func TestARestartIsNoNewTerm(t *testing.T) {
	t.Parallel()
	server := testkit.RedisServer(t, "--appendonly", "yes", "--appendfsync", "always")
	h := newHouse(t, server.Address)
	h.acknowledge = AcknowledgeLog
	s := h.open(t)
	key := openRoom(t, s)
	if holding := s.Holding(); holding != HoldingDisk {
		t.Errorf("events are held %q", holding)
	}
	seated := apply(t, s, key, request(speaker, TakeSeat{}))
	w := watch(t, s, key, seated.Position)
	server.Kill()
	server.Start(t)
	muted := insist(t, s, key, request(speaker, Mute{speaker}))
	if want := (chain.Position{Term: 1, Offset: 3}); muted.Position != want {
		t.Errorf("muted at %s, want %s", muted.Position, want)
	}
	if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != muted.Position {
		t.Errorf("the watcher hears %+v", item)
	}
	h.verify(t, key)
}

// TestALiveRoomGoesOnWithoutTheArchive: also for an instance that starts meanwhile, and for old command ids.
func TestALiveRoomGoesOnWithoutTheArchive(t *testing.T) {
	t.Parallel()
	h, _ := served(t)
	var away atomic.Bool
	s := h.besides(t, &away)
	key := openRoom(t, s.Service)
	for n := range 2 * snapshotEvery { // so that loading takes a snapshot and what follows
		apply(t, s.Service, key, request(speaker, []Command{TakeSeat{}, LeaveSeat{speaker}}[n%2]))
	}
	h.settled(t, key)
	away.Store(true)
	seat := request(speaker, TakeSeat{Name: "Stella"})
	seated := apply(t, s.Service, key, seat)
	started := h.besides(t, &away)
	again := apply(t, started.Service, key, seat)
	if again.Position != seated.Position || len(again.Entries) != 1 || chain.Sum(again.Entries[0].Bytes) != chain.Sum(seated.Entries[0].Bytes) {
		t.Errorf("the same command answers %+v, first was %+v", again, seated)
	}
	muted := apply(t, started.Service, key, request(speaker, Mute{speaker}))
	if muted.Position != (chain.Position{Term: 1, Offset: seated.Position.Offset + 1}) {
		t.Errorf("muted at %s, seated at %s", muted.Position, seated.Position)
	}
	_, err := s.Apply(context.Background(), chain.Key{App: id.Main, Room: id.NewRoom()}, request(host, OpenRoom{Host: host}))
	wantFault(t, "opening a room", err, fault.CodeUnavailable)
	events, bytes, age := s.rooms.backlogs()
	if events != 1 && events != 2 || bytes < 100 || age <= 0 {
		t.Errorf("%d events of %d bytes wait for %v", events, bytes, age)
	}
	away.Store(false)
	h.verify(t, key)
	testkit.Eventually(t, time.Minute, func() error {
		if events, bytes, _ := s.rooms.backlogs(); events != 0 || bytes != 0 || s.rooms.unarchived.Load() != 0 {
			return fmt.Errorf("%d events of %d bytes still wait", events, bytes)
		}
		return nil
	})
}

// TestWhatTheArchiveLacksIsBounded: commands wait, and are refused, until the archive has caught up.
func TestWhatTheArchiveLacksIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	for name, bound := range map[string]Behind{"room": {EventsMost: 10}, "instance": {BytesMost: 4096}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := served(t)
			var away atomic.Bool
			s := h.besides(t, &away, func(c *Config) { c.Behind = bound })
			key := openRoom(t, s.Service)
			away.Store(true)
			var err error
			accepted := 0
			for ; err == nil && accepted < 100; accepted++ {
				_, err = s.Apply(context.Background(), key, raise())
			}
			wantFault(t, "a hand too many", err, fault.CodeUnavailable)
			if accepted < 5 || accepted > 40 {
				t.Errorf("%d hands were taken", accepted)
			}
			if _, err := s.View(context.Background(), key, chain.Position{}); err != nil {
				t.Errorf("reading: %v", err)
			}
			away.Store(false)
			insist(t, s.Service, key, raise())
			h.verify(t, key)
		})
	}
}

// TestAHouseThatChangesItsMind: rooms of one way of acknowledging go on in the other.
func TestAHouseThatChangesItsMind(t *testing.T) {
	t.Parallel()
	h, _ := served(t)
	key := chain.Key{App: id.Main, Room: id.NewRoom()}
	var last Answer
	for n, how := range []Acknowledge{AcknowledgeArchive, AcknowledgeLog, AcknowledgeArchive, AcknowledgeLog} {
		h.acknowledge = how
		s := h.open(t)
		if n == 0 {
			apply(t, s, key, request(host, OpenRoom{Host: host, OpenStage: true}))
		}
		for range 3 {
			apply(t, s, key, request(speaker, TakeSeat{}))
			answer := apply(t, s, key, request(speaker, LeaveSeat{speaker}))
			if answer.Position != (chain.Position{Term: 1, Offset: answer.Position.Offset}) || !last.Position.Before(answer.Position) {
				t.Errorf("%s: after %s came %s", how, last.Position, answer.Position)
			}
			last = answer
		}
		s.Close()
	}
	h.acknowledge = AcknowledgeLog
	h.verify(t, key)
}

// TestClosingBringsEverythingToTheArchive: nothing waits for who comes next.
func TestClosingBringsEverythingToTheArchive(t *testing.T) {
	t.Parallel()
	h, _ := served(t)
	var away atomic.Bool
	s := h.besides(t, &away)
	key := openRoom(t, s.Service)
	for range 20 {
		apply(t, s.Service, key, raise())
	}
	s.Close()
	if head, _, err := h.archive.Load(context.Background(), key); err != nil || head.Offset != 21 {
		t.Errorf("the archive is at %s, %v", head.Position, err)
	}
}

// keyless is a store of keys that can be away.
type keyless struct {
	Keys
	away atomic.Bool
}

var errKeysAway = errors.New("the store of keys is away")

func (k *keyless) Key(ctx context.Context, app id.App, user id.User) ([32]byte, bool, error) {
	if k.away.Load() {
		return [32]byte{}, false, errKeysAway
	}
	return k.Keys.Key(ctx, app, user)
}

func (k *keyless) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	if k.away.Load() {
		return [32]byte{}, errKeysAway
	}
	return k.Keys.MakeKey(ctx, app, user)
}

// TestTheRoomGoesOnWithoutKeys: who was seen keeps the name; a newcomer's hand goes up without one.
func TestTheRoomGoesOnWithoutKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	h, _ := served(t)
	keys := &keyless{Keys: h.keys}
	s := h.open(t, func(c *Config) { c.Keys, c.KeysFresh = keys, time.Minute })
	key := openRoom(t, s)
	apply(t, s, key, request(speaker, TakeSeat{Name: "Stella"}))
	keys.away.Store(true)
	hand := request(stranger, RaiseHand{Name: "Nova", Note: "hello"})
	_, err := s.Apply(context.Background(), key, hand)
	wantFault(t, "a newcomer at first", err, fault.CodeUnavailable)
	testkit.Eventually(t, time.Minute, func() error {
		_, err := s.Apply(context.Background(), key, hand)
		return err
	})
	stage, err := dial(t, s, defaultSlowAfter).GetStage(context.Background(), &listenerstatev1.GetStageRequest{App: string(key.App), Room: string(key.Room), WithHands: true})
	if err != nil {
		t.Fatal(err)
	}
	if seats, hands := stage.GetStage().GetSeats(), stage.GetStage().GetHands(); len(seats) != 1 || seats[0].GetName() != "Stella" ||
		len(hands) != 1 || hands[0].GetName() != "" || hands[0].GetUser() != string(stranger) {
		t.Errorf("seats %v, hands %v", seats, hands)
	}
	keys.away.Store(false)
	apply(t, s, key, request(stranger, LowerHand{stranger}))
	testkit.Eventually(t, time.Minute, func() error { // the store is asked again after a second
		answer, err := s.Apply(context.Background(), key, request(stranger, RaiseHand{Name: "Nova", Note: "hello"}))
		if err != nil {
			return err
		}
		for _, entry := range answer.Entries {
			if raised, is := entry.Event.Change.(HandRaised); is && !raised.Name.Sealed.empty() {
				return nil
			}
		}
		apply(t, s, key, request(stranger, LowerHand{stranger}))
		return errors.New("the name is still left out")
	})
}
