package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// queue is a room whose turn a test holds, so that what is sent to it gathers.
type queue struct {
	t       *testing.T
	s       *Service
	k       *keeper
	sent    int
	sending sync.WaitGroup
}

func hold(t *testing.T, s *Service, key chain.Key) *queue {
	t.Helper()
	k, err := s.rooms.use(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.rooms.done(k) })
	<-k.turn
	return &queue{t: t, s: s, k: k}
}

// result is what Apply answered; read it after release.
type result struct {
	Answer
	err error
}

// send applies a request beside the test, and returns when it waits in the line.
func (q *queue) send(ctx context.Context, r Request) *result {
	q.t.Helper()
	got := new(result)
	q.sending.Go(func() { got.Answer, got.err = q.s.Apply(ctx, q.k.key, r) })
	q.sent++
	q.waitFor(q.sent)
	return got
}

func (q *queue) waitFor(calls int) {
	q.t.Helper()
	testkit.Eventually(q.t, time.Minute, func() error {
		q.k.line.mu.Lock()
		defer q.k.line.mu.Unlock()
		if n := len(q.k.line.lanes[laneAhead]) + len(q.k.line.lanes[laneHands]); n != calls {
			return fmt.Errorf("%d calls wait, want %d", n, calls)
		}
		return nil
	})
}

func (q *queue) release() {
	q.k.give()
	q.sending.Wait()
}

func TestAMuteGoesAheadOfAThousandHands(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		before := apply(t, s, key, request(speaker, TakeSeat{}))
		q := hold(t, s, key)
		const hands = 1000
		var raised sync.Map
		for range hands {
			q.sent++
			q.sending.Go(func() {
				answer, err := s.Apply(ctx, key, raise())
				if _, twice := raised.Swap(answer.Position, true); err != nil || twice {
					t.Errorf("a hand at %s: %v", answer.Position, err)
				}
			})
		}
		q.waitFor(hands)
		muted := q.send(ctx, mute())
		lowered := q.send(ctx, request(host, LowerHand{stranger})) // nothing to do, and moderators' all the same
		q.release()
		// They are the first two of the next append.
		if want := before.Position.Offset + 1; muted.err != nil || muted.Position.Offset != want || len(muted.Entries) != 1 {
			t.Errorf("the mute is at %s, %v; want offset %d", muted.Position, muted.err, want)
		}
		if lowered.err != nil || lowered.Position != muted.Position || len(lowered.Entries) != 0 {
			t.Errorf("what changed nothing was decided at %s, %v; want %s", lowered.Position, lowered.err, muted.Position)
		}
		stage, err := s.Stage(ctx, key, chain.Position{})
		if err != nil || stage.Hands.Len() != hands {
			t.Errorf("%d hands are up, %v", stage.Hands.Len(), err)
		}
		if events := h.verify(t, key); len(events) != 2+1+hands {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestEveryoneInABatchHasAnAnswerOfTheirOwn(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		seat := request(speaker, TakeSeat{Name: "Stella"})
		seated := apply(t, s, key, seat)
		changed := seat
		changed.Payload[0]++
		q := hold(t, s, key)
		again := q.send(ctx, seat)
		mismatch := q.send(ctx, Request{Actor: seat.Actor, ID: seat.ID, Payload: changed.Payload, Command: seat.Command})
		refused := q.send(ctx, request(stranger, Mute{speaker}))
		muteOnce := mute()
		muted := q.send(ctx, muteOnce)
		twice := q.send(ctx, muteOnce)
		nothing := q.send(ctx, mute())
		raised := q.send(ctx, request(stranger, RaiseHand{Name: "Nova", Note: "hello"}))
		lowered := q.send(ctx, request(stranger, LowerHand{stranger}))
		q.release()

		at := func(offset uint64) chain.Position { return chain.Position{Term: 1, Offset: offset} }
		if again.err != nil || again.Position != seated.Position || !reflect.DeepEqual(again.Entries, seated.Entries) {
			t.Errorf("the seat again: %+v", again)
		}
		wantFault(t, "the seat's id for something else", mismatch.err, fault.CodeIdempotencyMismatch)
		wantFault(t, "a mute by a listener", refused.err, fault.CodeForbidden)
		for name, c := range map[string]struct {
			got    *result
			at     chain.Position
			events int
		}{
			"the mute": {muted, at(3), 1}, "its repetition": {twice, at(3), 1}, "another mute": {nothing, at(3), 0},
			"the hand": {raised, at(4), 1}, "lowered": {lowered, at(5), 1},
		} {
			if c.got.err != nil || c.got.Position != c.at || len(c.got.Entries) != c.events || c.got.Stage.Position.Before(c.at) {
				t.Errorf("%s: %d events at %s, stage at %s, %v", name, len(c.got.Entries), c.got.Position, c.got.Stage.Position, c.got.err)
			}
		}
		if !reflect.DeepEqual(twice.Entries, muted.Entries) {
			t.Errorf("the repetition answers %+v, first was %+v", twice.Entries, muted.Entries)
		}
		h.verify(t, key)
	})
}

// TestAMovedLogIsDecidedAgain: another instance appends while calls wait, so that they are decided on an old stage.
func TestAMovedLogIsDecidedAgain(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, other, ctx := h.open(t), h.open(t), context.Background()
		key := openRoom(t, s)
		apply(t, s, key, request(speaker, TakeSeat{}))
		q := hold(t, s, key)
		var raised []*result
		for range 100 {
			raised = append(raised, q.send(ctx, raise()))
		}
		muted := q.send(ctx, mute())
		apply(t, other, key, request(speaker, LeaveSeat{speaker}))
		q.release()
		wantFault(t, "the mute of who has left", muted.err, fault.CodeNotSeated)
		for i, got := range raised {
			if want := uint64(4 + i); got.err != nil || got.Position.Offset != want {
				t.Errorf("hand %d is at %s, %v; want offset %d", i, got.Position, got.err, want)
			}
		}
		h.verify(t, key)
	})
}

func TestABatchThatIsNotArchivedIsNobodysAnswer(t *testing.T) {
	everyArchiveHouse(t, func(t *testing.T, h *house) {
		archive := &stubborn{Archive: h.archive}
		s, ctx := h.open(t, func(c *Config) { c.Archive = archive }), context.Background()
		key := openRoom(t, s)
		q := hold(t, s, key)
		requests, results := []Request{}, []*result{}
		for range 20 {
			requests = append(requests, raise())
			results = append(results, q.send(ctx, requests[len(requests)-1]))
		}
		archive.fail.Store(true)
		q.release()
		for i, got := range results {
			wantFault(t, fmt.Sprint("hand ", i), got.err, fault.CodeUnavailable)
		}
		archive.fail.Store(false)
		for i, r := range requests { // they are in Redis: the keeper finds them there and archives them
			if answer := apply(t, s, key, r); answer.Position.Offset != uint64(2+i) || len(answer.Entries) != 1 {
				t.Errorf("hand %d answers %s with %d events", i, answer.Position, len(answer.Entries))
			}
		}
		if events := h.verify(t, key); len(events) != 21 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestCallersWhoLeaveTheLine(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		q := hold(t, s, key)
		leaving, leave := context.WithCancel(ctx)
		leads := q.send(leaving, raise()) // waits for the turn, and is in the batch
		left := q.send(leaving, raise())
		stays := q.send(ctx, raise())
		leave()
		q.waitFor(2)
		q.release()
		if leads.err != nil || leads.Position.Offset != 2 || stays.err != nil || stays.Position.Offset != 3 {
			t.Errorf("who leads is at %s, %v; who stays at %s, %v", leads.Position, leads.err, stays.Position, stays.err)
		}
		wantFault(t, "who left the line", left.err, fault.CodeTimeout)
		if events := h.verify(t, key); len(events) != 3 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestWhatWasDrainedIsDoneWithoutItsCaller(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		archive := &stubborn{Archive: h.archive}
		s, ctx := h.open(t, func(c *Config) { c.Archive = archive }), context.Background()
		key := openRoom(t, s)
		q := hold(t, s, key)
		leads := q.send(ctx, raise())
		leaving, leave := context.WithCancel(ctx)
		r := raise()
		left := q.send(leaving, r)
		archive.stand(true)
		q.k.give()
		testkit.Eventually(t, time.Minute, func() error {
			if n := h.client.XLen(ctx, "{"+key.String()+"}:log").Val(); n < 3 {
				return fmt.Errorf("%d events are in Redis", n)
			}
			return nil
		})
		leave()
		// The first is still waiting for the archive; the second is gone.
		testkit.Eventually(t, time.Minute, func() error {
			q.k.line.mu.Lock()
			defer q.k.line.mu.Unlock()
			if q.k.line.leader != nil {
				return errors.New("somebody leads")
			}
			return nil
		})
		archive.stand(false)
		q.sending.Wait()
		if leads.err != nil || leads.Position.Offset != 2 {
			t.Errorf("who stayed is at %s, %v", leads.Position, leads.err)
		}
		if left.err != nil { // it may have been answered at the last moment
			wantFault(t, "who left", left.err, fault.CodeTimeout)
		}
		if answer := apply(t, s, key, r); answer.Position.Offset != 3 || len(answer.Entries) != 1 {
			t.Errorf("sent again, it answers %s with %d events", answer.Position, len(answer.Entries))
		}
		h.verify(t, key)
	})
}

// slowKeys stands still for one person.
type slowKeys struct {
	Keys
	slow id.User
	wait chan struct{}
}

func (k *slowKeys) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	if user == k.slow {
		<-k.wait
	}
	return k.Keys.MakeKey(ctx, app, user)
}

func TestAKeyInTheMakingHoldsUpNobodyElse(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		keys := &slowKeys{h.keys, stranger, make(chan struct{})}
		s := h.open(t, func(c *Config) { c.Keys = keys })
		key := openRoom(t, s)
		raised := make(chan Answer, 1)
		go func() { raised <- insist(t, s, key, request(stranger, RaiseHand{Name: "Nova"})) }()
		testkit.Eventually(t, time.Minute, func() error {
			s.rooms.mu.Lock()
			defer s.rooms.mu.Unlock()
			line := &s.rooms.rooms[key].line
			line.mu.Lock()
			defer line.mu.Unlock()
			if line.waiting[laneHands] != 1 {
				return errors.New("the hand does not wait")
			}
			return nil
		})
		first := apply(t, s, key, request(speaker, RaiseHand{Name: "Stella", Note: "first"}))
		close(keys.wait)
		if second := <-raised; !first.Position.Before(second.Position) || second.Stage.Hands.Place(stranger) != 2 {
			t.Errorf("the hands are at %s and %s", first.Position, second.Position)
		}
	})
}
