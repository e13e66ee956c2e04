package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// dueAt answers when Redis says that something is due in a room, in ms; 0: never.
func (h *house) dueAt(t testing.TB, key chain.Key) int64 {
	t.Helper()
	score, err := h.client.ZScore(context.Background(), stagelog.Due, key.String()).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	return int64(score)
}

// quiet waits until nothing is due any more in rooms, while time goes by.
func (h *house) quiet(t testing.TB, s *Service, keys ...chain.Key) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		h.wait(100 * time.Millisecond)
		for _, key := range keys {
			stage, err := s.Stage(context.Background(), key, chain.Position{})
			if err != nil {
				return err
			}
			if at, waits := stage.due(); waits {
				return fmt.Errorf("%s waits for %v", key, at)
			}
			if at := h.dueAt(t, key); at != 0 {
				return fmt.Errorf("%s is to be looked at at %d", key, at)
			}
		}
		return nil
	})
}

// TestEachInviteExpiresOnce: two instances keep time for four rooms with fifty invites each.
func TestEachInviteExpiresOnce(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		instances := []*Service{h.open(t), h.open(t)}
		var keys []chain.Key
		for i := range 4 {
			key := openRoom(t, instances[i%2])
			keys = append(keys, key)
			for n := range 50 {
				person := id.NewUser()
				if n%2 == 0 {
					apply(t, instances[n%2], key, request(person, RaiseHand{}))
				}
				apply(t, instances[i%2], key, request(host, Invite{User: person, Name: "Nova"}))
			}
			if h.dueAt(t, key) == 0 {
				t.Fatalf("nothing is due in %s", key)
			}
		}
		h.wait(DefaultInvite + time.Second)
		h.quiet(t, instances[0], keys...)
		for _, key := range keys {
			invited, expired, lowered := 0, map[id.User]int{}, 0
			for _, e := range h.verify(t, key) {
				switch change := e.Change.(type) {
				case Invited:
					invited++
				case InviteClosed:
					if expired[change.User]++; expired[change.User] > 1 || change.Reason != InviteExpired || e.Actor.Service != ServiceTimer {
						t.Errorf("%+v by %s, for the time %d", change, e.Actor, expired[change.User])
					}
				case HandLowered:
					lowered++
				}
			}
			if invited != 50 || len(expired) != 50 || lowered != 25 {
				t.Errorf("of %d invites %d expired, and %d hands went down", invited, len(expired), lowered)
			}
		}
	})
}

func TestWhatIsDueSoonerIsClosedSooner(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		closes := func(answer Answer) int64 { return answer.Entries[0].Event.Change.(Invited).ExpiresAt.UnixMilli() }
		late := closes(apply(t, s, key, request(host, Invite{User: invited, ExpiresIn: LongInvite})))
		if got := h.dueAt(t, key); got != late {
			t.Errorf("due at %d, want %d", got, late)
		}
		soon := closes(apply(t, s, key, request(host, Invite{User: stranger})))
		if got := h.dueAt(t, key); got != soon {
			t.Errorf("with a shorter invite due at %d, want %d", got, soon)
		}
		h.wait(DefaultInvite + time.Second)
		testkit.Eventually(t, time.Minute, func() error {
			h.wait(100 * time.Millisecond)
			if got := h.dueAt(t, key); got != late {
				return fmt.Errorf("then due at %d, want %d", got, late)
			}
			return nil
		})
		stage, err := s.Stage(context.Background(), key, chain.Position{})
		if err != nil || len(stage.Invites) != 1 || stage.Invites[0].User != invited {
			t.Errorf("the invites are %+v, %v", stage.Invites, err)
		}
	})
}

func TestAWipedRedisForgetsNoTime(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		apply(t, s, key, request(host, Invite{User: invited}))
		h.wipe(t)
		h.wait(DefaultInvite + time.Second)
		if _, err := h.open(t).Stage(context.Background(), key, chain.Position{}); err != nil {
			t.Fatal(err)
		}
		h.quiet(t, s, key)
		if events := h.verify(t, key); len(events) != 3 || events[2].Position.Term != 2 {
			t.Errorf("the events are %+v", events)
		}
	})
}

// Whoever makes something due may die on either side of the append.
func TestHintsThatWereLeftAreHarmless(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx, never := h.open(t), context.Background(), chain.Key{App: id.Main, Room: id.NewRoom()}
		key := openRoom(t, s)
		for _, hinted := range []chain.Key{never, key} {
			if err := s.log.Hint(ctx, hinted, noon); err != nil {
				t.Fatal(err)
			}
		}
		testkit.Eventually(t, time.Minute, func() error {
			h.wait(100 * time.Millisecond)
			if a, b := h.dueAt(t, never), h.dueAt(t, key); a != 0 || b != 0 {
				return fmt.Errorf("still there: %d, %d", a, b)
			}
			return nil
		})
		apply(t, s, key, request(host, Invite{User: invited}))
		if err := h.client.Del(ctx, stagelog.Due).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.open(t).Stage(ctx, key, chain.Position{}); err != nil || h.dueAt(t, key) == 0 {
			t.Errorf("an instance that loads the room does not say when it is due: %v", err)
		}
	})
}

// An invite comes while a timer has the room, after the timer has read it: its hint is later than the claim and changes
// nothing, and then the timer takes the room out of the set.
func TestATimerThatReadTooEarlyLosesNothing(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		key := openRoom(t, s)
		until := h.clock().Add(timerHolds)
		if err := s.log.Hint(ctx, key, until); err != nil { // what a claim leaves
			t.Fatal(err)
		}
		answer := apply(t, s, key, request(host, Invite{User: invited}))
		if got := h.dueAt(t, key); got != until.UnixMilli() {
			t.Fatalf("the claim is over: %d", got)
		}
		if err := s.release(ctx, key, until, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if got, want := h.dueAt(t, key), answer.Stage.Invites[0].ExpiresAt.UnixMilli(); got != want {
			t.Errorf("due at %d, want %d", got, want)
		}
	})
}
