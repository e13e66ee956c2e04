package listenerstate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func TestTheZeroQueueIsEmpty(t *testing.T) {
	var q HandQueue
	if _, up := q.Of(host); up || q.Len() != 0 || q.Place(host) != 0 {
		t.Errorf("the zero queue has %d hands", q.Len())
	}
	for hand := range q.All() {
		t.Errorf("the zero queue has %+v", hand)
	}
	for hand := range q.absences() {
		t.Errorf("the zero queue misses %+v", hand)
	}
	if q = q.without(host); q.Len() != 0 {
		t.Errorf("without a hand it has %d", q.Len())
	}
}

// TestAQueueIsAValue changes random queues in random ways beside plain lists, keeps what was there before, and finds it
// unchanged at the end.
func TestAQueueIsAValue(t *testing.T) {
	type moment struct {
		queue HandQueue
		want  []Hand
	}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		var now moment
		var before []moment
		for order := range uint64(200) {
			before = append(before, now)
			user := nth(random.IntN(30))
			up := slices.IndexFunc(now.want, func(hand Hand) bool { return hand.User == user })
			now.want = slices.Clone(now.want)
			switch {
			case up < 0:
				hand := Hand{User: user, Order: order + 1, RaisedAt: noon}
				now.queue, now.want = now.queue.with(hand), append(now.want, hand)
			case random.IntN(2) == 0:
				now.queue, now.want = now.queue.without(user), slices.Delete(now.want, up, up+1)
			default:
				now.want[up].AbsentSince = []time.Time{{}, noon.Add(time.Duration(order))}[random.IntN(2)]
				now.queue = now.queue.with(now.want[up])
			}
		}
		for n, m := range append(before, now) {
			wantQueue(t, n, m.queue, m.want)
		}
	}
}

func wantQueue(t *testing.T, moment int, q HandQueue, want []Hand) {
	t.Helper()
	same := func(a, b Hand) bool {
		return a.User == b.User && a.Order == b.Order && a.AbsentSince.Equal(b.AbsentSince)
	}
	if got := slices.Collect(q.All()); q.Len() != len(want) || !slices.EqualFunc(got, want, same) {
		t.Fatalf("moment %d: %+v, want %+v", moment, got, want)
	}
	absent := slices.DeleteFunc(slices.Clone(want), func(hand Hand) bool { return hand.AbsentSince.IsZero() })
	if got := slices.Collect(q.absences()); q.absent != len(absent) || !slices.EqualFunc(got, absent, same) {
		t.Fatalf("moment %d: absent are %+v, want %+v", moment, got, absent)
	}
	for i, hand := range want {
		if place := q.Place(hand.User); place != i+1 {
			t.Fatalf("moment %d: %s has place %d, want %d", moment, hand.User, place, i+1)
		}
	}
}

func TestHandsKeepTheirOrder(t *testing.T) {
	stage := told(opened(nil), HandRaised{User: nth(1)}, HandRaised{User: nth(2)}, HandRaised{User: nth(3)})
	for _, again := range []id.User{nth(1), nth(3)} {
		if changes, err := try(stage, Actor{User: again}, RaiseHand{}); err != nil || len(changes) > 0 {
			t.Errorf("a hand that is up is raised: %v, %v", changes, err)
		}
	}
	stage = toldOn(stage, HandAbsent{nth(1)}, HandPresent{nth(1)}, HandLowered{nth(2), LoweredBySelf}, HandRaised{User: nth(2)})
	for i, user := range []id.User{nth(1), nth(3), nth(2)} {
		if place := stage.Hands.Place(user); place != i+1 {
			t.Errorf("%s stands in place %d, want %d", user, place, i+1)
		}
	}
}

func TestAbsentHandsComeBackWhenRaised(t *testing.T) {
	stage := told(opened(nil), HandRaised{User: stranger}, HandAbsent{stranger})
	changes, err := try(stage, Actor{User: stranger}, RaiseHand{Note: "again"})
	if err != nil || len(changes) != 1 || changes[0] != (HandPresent{stranger}) {
		t.Errorf("%+v, %v", changes, err)
	}
}

func TestHandModes(t *testing.T) {
	stage := toldOn(live(), Appointed{mod}, Invited{User: nth(1), ExpiresAt: noon.Add(time.Minute)}, InviteClosed{nth(1), InviteDeclined},
		Seated{User: nth(2), Seat: 3}, Unseated{nth(2), 3, UnseatMoved}, HandRaised{User: nth(3)})
	people := []id.User{mod, invited, nth(1), nth(2), nth(3), stranger} // invited is on the list, nth(3) has a hand up
	for mode, want := range map[HandMode][]fault.Code{
		HandsOpen:    {"", "", "", "", "", ""},
		HandsInvited: {"", "", "", "", "", fault.CodeHandsClosed},
		HandsClosed: {
			fault.CodeHandsClosed, fault.CodeHandsClosed, fault.CodeHandsClosed, fault.CodeHandsClosed, fault.CodeHandsClosed, fault.CodeHandsClosed,
		},
	} {
		set := toldOn(stage, HandModeSet{mode})
		if up := set.Hands.Len(); (up == 0) != (mode == HandsClosed) {
			t.Errorf("%s: %d hands are up", mode, up)
		}
		for i, user := range people {
			if _, err := try(set, Actor{User: user}, RaiseHand{}); codeOf(err) != want[i] {
				t.Errorf("%s: a hand of %s: %v, want %q", mode, user, err, want[i])
			}
		}
	}
}

// queueOf is a queue of n hands.
func queueOf(n int) HandQueue {
	var q HandQueue
	for i := range n {
		q = q.with(Hand{User: nth(i), Order: uint64(i + 1), RaisedAt: noon})
	}
	return q
}

func BenchmarkHandQueue(b *testing.B) {
	const hands = 10_000
	full := queueOf(hands)
	someGone := full.with(Hand{User: nth(hands - 1), Order: hands, RaisedAt: noon, AbsentSince: noon})
	b.Run("raise 10000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			queueOf(hands)
		}
	})
	b.Run("raise one behind 10000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			full.with(Hand{User: stranger, Order: hands + 1, RaisedAt: noon})
		}
	})
	b.Run("place of the last", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if full.Place(nth(hands-1)) != hands {
				b.Fatal("another place")
			}
		}
	})
	b.Run("lower one in the middle", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			full.without(nth(hands / 2))
		}
	})
	b.Run("due, the last is absent", func(b *testing.B) {
		stage := Stage{State: StateLive, Hands: someGone}
		b.ReportAllocs()
		for b.Loop() {
			stage.due()
		}
	})
}
