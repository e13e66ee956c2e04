package listenerstate

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// newPairHouse stands on a Redis with a replica, and acknowledges what the replica has.
func newPairHouse(t testing.TB, options ...string) *house {
	t.Helper()
	h := houseOf(t, testkit.RedisPair(t, options...))
	h.replicaWait = 2500 * time.Millisecond // its replica is there, on the busiest machine too
	return h
}

func houseOf(t testing.TB, pair *testkit.Pair) *house {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: "the pair", Dialer: pair.Dial})
	t.Cleanup(func() { client.Close() })
	h := &house{client: client, now: noon, acknowledge: AcknowledgeLog}
	h.archive, h.keys = newArchive(t)
	return h
}

// TestWhatNobodyElseHasIsNoAnswer: with neither replica nor archive the append stands, watchers do not hear of it, and the same
// command finds it.
func TestWhatNobodyElseHasIsNoAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	pair := testkit.RedisPair(t)
	h := houseOf(t, pair)
	var away atomic.Bool
	s, other := h.besides(t, &away).Service, h.besides(t, &away).Service
	key := openRoom(t, s)
	w := watch(t, other, key, chain.Position{Term: 1, Offset: 1})
	away.Store(true)
	pair.Cut(t)
	seat := request(speaker, TakeSeat{})
	for _, instance := range []*Service{s, other} {
		_, err := instance.Apply(context.Background(), key, seat)
		wantFault(t, "nobody else has it", err, fault.CodeUnavailable)
		_, err = instance.Stage(context.Background(), key, chain.Position{})
		wantFault(t, "reading what is not safe", err, fault.CodeUnavailable)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	if item, err := w.Next(ctx); err == nil && item.Entry != nil {
		t.Errorf("heard %+v before it was held twice", item.Entry.Event)
	}
	pair.Join(t)
	if answer := insist(t, s, key, seat); answer.Position != (chain.Position{Term: 1, Offset: 2}) || len(answer.Entries) != 1 {
		t.Errorf("then it answers %+v", answer)
	}
	if item := next(t, w); item.Entry == nil || item.Entry.Event.Position.Offset != 2 {
		t.Errorf("heard %+v", item)
	}
	away.Store(false)
	h.verify(t, key)
}

// TestTheArchiveStandsInForALostReplica: commands go on, are told to watchers, and are in the archive when they are answered.
func TestTheArchiveStandsInForALostReplica(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	pair := testkit.RedisPair(t)
	h := houseOf(t, pair)
	s, other := h.open(t), h.open(t)
	key := openRoom(t, s)
	w := watch(t, other, key, chain.Position{Term: 1, Offset: 1})
	pair.Cut(t)
	for i, command := range []Command{TakeSeat{}, Mute{speaker}, Unmute{speaker}} {
		answer := insist(t, []*Service{s, other}[i%2], key, request(speaker, command))
		head, _, err := h.archive.Load(context.Background(), key)
		if err != nil || !head.Position.Covers(answer.Position) {
			t.Errorf("answered at %s, the archive ends at %s, %v", answer.Position, head.Position, err)
		}
		if item := next(t, w); item.Entry == nil || item.Entry.Event.Position != answer.Position {
			t.Errorf("heard %+v", item)
		}
	}
	pair.Join(t)
	apply(t, s, key, request(speaker, Mute{speaker}))
	h.verify(t, key)
}

// TestACutReplicaIsPromoted: what was acknowledged is in the replica; what was not may be gone, and comes anew.
func TestACutReplicaIsPromoted(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	pair := testkit.RedisPair(t)
	h := houseOf(t, pair)
	var away atomic.Bool
	s := h.besides(t, &away)
	key := openRoom(t, s.Service)
	away.Store(true)
	seated := apply(t, s.Service, key, request(speaker, TakeSeat{}))
	pair.Cut(t)
	mute := request(speaker, Mute{speaker})
	_, err := s.Apply(context.Background(), key, mute)
	wantFault(t, "an append on a master without its replica", err, fault.CodeUnavailable)
	s.kill() // nobody is left who could offer anything
	pair.Promote(t)
	pair.Join(t)
	away.Store(false)
	other := h.open(t)
	stage, err := other.Stage(context.Background(), key, seated.Position)
	if err != nil || stage.Position != seated.Position || seatsOf(stage) != "[1 s]" {
		t.Errorf("the replica has %s at %s, %v", seatsOf(stage), stage.Position, err)
	}
	if answer := insist(t, other, key, mute); answer.Position != (chain.Position{Term: 1, Offset: 3}) || len(answer.Entries) != 1 {
		t.Errorf("the mute is at %+v", answer)
	}
	h.verify(t, key)
}

// TestAnAnswerIsOfWhatWasDecided: while something waits to be held, another log may come to stand in its place. What is held and
// marked then may be another event at the same position.
func TestAnAnswerIsOfWhatWasDecided(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testkit.Redis(t))
	h.acknowledge = AcknowledgeLog
	s := h.open(t)
	key := openRoom(t, s)
	apply(t, s, key, request(speaker, TakeSeat{}))
	k, err := s.rooms.use(key)
	if err != nil {
		t.Fatal(err)
	}
	defer s.rooms.done(k)
	inTurn := func(do func() error) {
		t.Helper()
		<-k.turn
		defer k.give()
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	var p pending
	inTurn(func() (err error) { p, err = s.lookInTurn(t.Context(), k); return err })
	if err := s.settle(t.Context(), k, &p); err != nil {
		t.Errorf("what stands as it was decided: %v", err)
	}
	inTurn(func() error { k.loaded = false; return s.ready(t.Context(), k) })
	if err := s.settle(t.Context(), k, &p); err != nil {
		t.Errorf("what was loaded anew since, and is the same: %v", err)
	}
	inTurn(func() error { k.loaded, k.head = false, chain.Head{}; return s.ready(t.Context(), k) })
	wantFault(t, "what may be another since", s.settle(t.Context(), k, &p), fault.CodeUnavailable)
	apply(t, s, key, request(speaker, Mute{speaker}))
	h.verify(t, key)
}
