package listenerstate

import (
	"errors"
	"fmt"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// join brings a request into a line and answers its call.
func join(t *testing.T, l *line, r Request) *call {
	t.Helper()
	if err := l.enter(laneOf(r)); err != nil {
		t.Fatal(err)
	}
	c := newCall(r)
	if err := l.join(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNobodyFillsTheLaneAheadAlone(t *testing.T) {
	var l line
	mutes := 0
	muteBy := func(by Actor) error {
		mutes++
		return l.join(newCall(Request{Actor: by, ID: id.Command(fmt.Sprint("mute ", mutes)), Command: Mute{speaker}}))
	}
	for range onePersonMost {
		if err := errors.Join(l.enter(laneAhead), muteBy(Actor{User: stranger})); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.enter(laneAhead), muteBy(Actor{User: stranger})); !fault.Is(err, fault.CodeRateLimited) {
		t.Errorf("one more: %v", err)
	}
	if l.waiting[laneAhead] != onePersonMost {
		t.Errorf("%d places are taken by %d calls", l.waiting[laneAhead], onePersonMost)
	}
	for range 2 * onePersonMost {
		if err := errors.Join(l.enter(laneAhead), muteBy(Actor{Service: ServiceSFU})); err != nil {
			t.Fatalf("a service beside them: %v", err)
		}
	}
	if err := errors.Join(l.enter(laneAhead), muteBy(Actor{User: host})); err != nil {
		t.Errorf("the host behind them: %v", err)
	}
}

// led says whether a call is appointed, and takes the appointment.
func led(c *call) bool {
	select {
	case <-c.appointed:
		return true
	default:
		return false
	}
}

func raise() Request { return request(id.NewUser(), RaiseHand{}) }
func mute() Request  { return request(host, Mute{speaker}) }

func TestOnlyOnesOwnHandWaitsInTheSecondLane(t *testing.T) {
	for _, c := range []struct {
		r    Request
		want lane
	}{
		{request(speaker, RaiseHand{}), laneHands},
		{request(speaker, LowerHand{speaker}), laneHands},
		{request(host, LowerHand{speaker}), laneAhead},
		{request(host, LowerAllHands{}), laneAhead},
		{request(speaker, Leave{}), laneAhead},
		{request(speaker, AcceptInvite{}), laneAhead},
		{Request{Actor: Actor{Service: ServiceTimer}, Command: CloseExpired{}}, laneAhead},
	} {
		if got := laneOf(c.r); got != c.want {
			t.Errorf("%T of %s waits in lane %d, want %d", c.r.Command, c.r.Actor, got, c.want)
		}
	}
}

func TestWhatIsDrainedTogether(t *testing.T) {
	for _, c := range []struct{ ahead, hands, wantAhead, wantHands int }{
		{0, 0, 0, 0}, {1, 0, 1, 0}, {100, 0, 64, 0}, {0, 100, 0, 64}, {100, 100, 48, 16}, {100, 1, 48, 1}, {3, 100, 3, 61},
	} {
		var l line
		for range c.hands {
			join(t, &l, raise())
		}
		for range c.ahead {
			join(t, &l, request(id.NewUser(), Mute{speaker}))
		}
		taken := l.drain()
		for i, drained := range taken {
			if isHand := laneOf(drained.request) == laneHands; isHand != (i >= c.wantAhead) {
				t.Errorf("%d and %d wait: place %d is a hand's: %v", c.ahead, c.hands, i, isHand)
			}
		}
		left := fmt.Sprint(len(l.lanes[laneAhead]), len(l.lanes[laneHands]), l.waiting)
		aheadLeft, handsLeft := c.ahead-c.wantAhead, c.hands-c.wantHands
		if want := fmt.Sprint(aheadLeft, handsLeft, [2]int{aheadLeft, handsLeft}); len(taken) != c.wantAhead+c.wantHands || left != want {
			t.Errorf("%d and %d wait: %d are drained and %s left, want %s", c.ahead, c.hands, len(taken), left, want)
		}
	}
}

func TestLanesAreBounded(t *testing.T) {
	var l line
	for in, most := range map[lane]int{laneAhead: aheadMost, laneHands: handsMost} {
		for range most {
			if err := l.enter(in); err != nil {
				t.Fatal(err)
			}
		}
		err := l.enter(in)
		wantFault(t, "one too many", err, fault.CodeRateLimited)
		if fault.From(err).RetryAfter <= 0 {
			t.Error("it does not say when to come again")
		}
		l.leave(in)
		if err := l.enter(in); err != nil {
			t.Errorf("in the place that was given back: %v", err)
		}
	}
}

func TestRepetitionsWaitForTheNextDrain(t *testing.T) {
	var l line
	once, again := mute(), raise()
	again.Actor, again.ID = once.Actor, once.ID // in the other lane
	join(t, &l, again)
	first := join(t, &l, once)
	second := join(t, &l, once)
	other := join(t, &l, mute())
	if got := l.drain(); len(got) != 2 || got[0] != first || got[1] != other {
		t.Fatalf("%d are drained", len(got))
	}
	if got := l.drain(); len(got) != 1 || got[0] != second {
		t.Fatalf("then %d", len(got))
	}
	if got := l.drain(); len(got) != 1 || l.waiting != [2]int{} {
		t.Fatalf("then %d, and %v wait", len(got), l.waiting)
	}
}

func TestTheLeadGoesOn(t *testing.T) {
	var l line
	hand := join(t, &l, raise())
	ahead, third := join(t, &l, mute()), join(t, &l, mute())
	if !led(hand) || led(ahead) {
		t.Fatal("the first who comes leads, alone")
	}
	l.drain()
	late := join(t, &l, raise())
	if led(late) {
		t.Fatal("two lead")
	}
	l.putBack([]*call{hand, ahead, third})
	l.pass()
	if !led(ahead) {
		t.Fatal("those ahead come first")
	}
	l.quit(ahead)
	if !led(third) {
		t.Fatal("whose caller left does not pass the lead on")
	}
	l.drain()
	l.quit(third) // its caller left while it is decided
	l.putBack([]*call{hand, third})
	l.quit(hand)
	l.quit(late)
	if l.pass(); l.leader != nil || l.waiting != [2]int{} {
		t.Errorf("nobody waits, but %v does and %v leads", l.waiting, l.leader)
	}
	if last := join(t, &l, raise()); !led(last) {
		t.Error("after all that nobody leads")
	}
}
