package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
)

func TestAListenerHearsWhatTheOriginSaid(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, cadence := range []time.Duration{200 * time.Millisecond, time.Second} {
			t.Run(fmt.Sprintf("tls=%v/%v", secure, cadence), func(t *testing.T) {
				r := newRig(t)
				r.speak(40)
				var d *door
				if secure {
					d = r.secureEdge(nil)
				} else {
					d = r.edge(nil)
				}
				l := r.listen(func(c *listener.Config) { c.Cadence, c.GrantInStart = cadence, secure }, d)
				first, err := l.Next(within(t))
				if err != nil || first.Hello.GetNode() != "edge-1" || first.Hello.GetCadenceMs() != uint32(cadence.Milliseconds()) {
					t.Fatalf("first %+v, %v", first, err)
				}
				if got := r.next - audio.Number(first.Hello.GetFirst()); got != audio.Number(cadence/audio.BatchDuration) {
					t.Errorf("begins %d batches before the end, want one delivery", got)
				}
				second, err := l.Next(within(t))
				if err != nil || second.Card.GetTitle() != "first title" {
					t.Fatalf("second %+v, %v", second, err)
				}
				from := audio.Number(first.Hello.GetFirst())
				r.speak(25)
				until := r.next - 6 // the last five may wait for their phase
				heard, _ := r.hear(l, until)
				if len(heard) != int(until+1-from) {
					t.Errorf("heard %d batches of %d", len(heard), until+1-from)
				}
				if s := l.Stats(); s.Connections != 1 || s.Corrupt+s.Repeats+s.Holes+s.Lost != 0 {
					t.Errorf("stats %+v", s)
				}
			})
		}
	}
}

func TestAJoinIsServedAtOnceAndACardWithTheNextBatch(t *testing.T) {
	r := newRig(t)
	r.speak(10)
	l := r.listen(nil, r.edge(nil)) // nothing is spoken any more: what is heard comes from joining alone
	if heard, _ := r.hear(l, r.next-1); len(heard) != 5 {
		t.Errorf("heard %d batches at joining", len(heard))
	}
	r.held.SetCard(r.card(2, "second title"))
	testkit.Eventually(t, time.Minute, func() error {
		r.speak(1)
		item, err := l.Next(within(t))
		if err != nil || item.Card.GetTitle() != "second title" {
			return fmt.Errorf("got %+v, %v", item, err)
		}
		return nil
	})
}

func TestCadenceCanBeChanged(t *testing.T) {
	r := newRig(t)
	r.speak(10)
	l := r.listen(nil, r.edge(nil))
	r.hear(l, r.next-1)
	if err := l.SetCadence(200 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	// Once it holds, each batch arrives before the next is spoken, whatever the phase was: at the other cadence five of six
	// would take a second.
	testkit.Eventually(t, time.Minute, func() error {
		for range 6 {
			r.speak(1)
			ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
			item, err := l.Next(ctx)
			cancel()
			if err != nil || item.Batch == nil && item.Hello == nil {
				return fmt.Errorf("%+v, %v", item, err)
			}
			if item.Hello != nil {
				return errors.New("connected again")
			}
		}
		return nil
	})
}

func TestWhereDeliveryBegins(t *testing.T) {
	r := newRig(t)
	r.speak(400)
	d := r.edge(nil)
	newest, oldest := uint64(r.next-1), uint64(r.next-300)
	for _, c := range []struct {
		from, first uint64
		lost        bool
	}{
		{newest - 20, newest - 20, false},
		{oldest, oldest, false},
		{oldest - 1, oldest, true},
		{1, oldest, true},
		{newest, newest, false},
		{newest + 1, newest + 1, false},
		{newest + 51, newest + 51, false},
	} {
		l := r.listen(func(cfg *listener.Config) { cfg.From = c.from }, d)
		item, err := l.Next(within(t))
		if err != nil || item.Hello.GetFirst() != c.first || item.Hello.GetNewest() != newest || item.Hello.GetOldest() != oldest {
			t.Errorf("from newest%+d: %+v, %v", int64(c.from-newest), item.Hello, err)
		}
		if got := l.Stats().Lost > 0; got != c.lost {
			t.Errorf("from newest%+d: lost %d", int64(c.from-newest), l.Stats().Lost)
		}
		l.Close()
	}
	ahead := func(cfg *listener.Config) { cfg.From = newest + 52 }
	l := r.listen(ahead, d) // closed with 4416, it joins at the live edge
	if item, err := l.Next(within(t)); err != nil || item.Hello.GetFirst() != newest-4 {
		t.Errorf("too far ahead: %+v, %v", item.Hello, err)
	}
	if n := d.closes(ReasonFromAhead); n != 1 {
		t.Errorf("%d were closed for from_ahead", n)
	}
}

func TestAWaitingListenerGetsItsNumberAndNothingBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(20)
	d := r.edge(nil)
	from := r.next + 7
	l := r.listen(func(c *listener.Config) { c.From = uint64(from) }, d)
	r.speak(12)
	heard, _ := r.hear(l, r.next-1)
	if len(heard) != 5 || heard[from] == nil || l.Stats().Repeats != 0 {
		t.Errorf("heard %d batches, %+v", len(heard), l.Stats())
	}
}

func TestTwoEdgesSayTheSame(t *testing.T) {
	r := newRig(t)
	r.speak(100)
	first, second := r.edge(nil), r.edge(func(c *Config) { c.Node = "edge-2" })
	from := r.next - 60
	at := func(c *listener.Config) { c.From = uint64(from) }
	a, b := r.listen(at, first), r.listen(at, second)
	r.speak(10)
	x, _ := r.hear(a, r.next-1)
	y, _ := r.hear(b, r.next-1)
	for n := from; n < r.next; n++ {
		if !bytes.Equal(x[n], y[n]) || x[n] == nil {
			t.Errorf("batch %d differs", n)
		}
	}
}

func TestAListenerMovesToAnotherEdgeWithoutLoss(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(50)
	first, second := r.edge(nil), r.edge(func(c *Config) { c.Node = "edge-2" })
	l := r.listen(func(c *listener.Config) { c.Cadence = 200 * time.Millisecond }, first, second)
	from := r.next - 1
	r.speak(5)
	heard, _ := r.hear(l, r.next-1)
	if err := first.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := first.closes(ReasonLeaving); n != 1 {
		t.Errorf("%d were let go", n)
	}
	r.speak(30)
	rest, _ := r.hear(l, r.next-1)
	if len(heard)+len(rest) != int(r.next-from) || l.Stats().Connections != 2 {
		t.Errorf("heard %d and %d of %d, %+v", len(heard), len(rest), r.next-from, l.Stats())
	}
}

func TestAGapIsToldAndAHigherEpochGoesOn(t *testing.T) {
	r := newRig(t)
	r.speak(20)
	d := r.edge(nil)
	l := r.listen(func(c *listener.Config) { c.Cadence = 200 * time.Millisecond }, d)
	r.hear(l, r.next-1)
	hole := r.next
	r.restart(17)
	r.speak(10)
	heard, gaps := r.hear(l, r.next-1)
	if len(gaps) != 1 || gaps[0].First != uint64(hole) || gaps[0].Last != uint64(hole+16) || len(heard) != 10 {
		t.Errorf("gaps %v, %d batches", gaps, len(heard))
	}
	late := r.listen(func(c *listener.Config) { c.From = uint64(hole + 5) }, d)
	_, gaps = r.hear(late, r.next-1)
	if len(gaps) != 1 || gaps[0].First != uint64(hole+5) {
		t.Errorf("one who begins within the gap is told %v", gaps)
	}
}

func TestTheEndComesAfterEverything(t *testing.T) {
	r := newRig(t)
	r.speak(50)
	d := r.edge(nil)
	l := r.listen(func(c *listener.Config) { c.From = uint64(r.next - 40) }, d)
	waiting := r.listen(func(c *listener.Config) { c.From = uint64(r.next + 20) }, d)
	r.speak(3)
	r.held.End()
	r.hear(l, r.next-1)
	for _, one := range []*listener.Listener{l, waiting} {
		var err error
		for err == nil {
			_, err = one.Next(within(t))
		}
		if code(err) != "4410 ended" {
			t.Errorf("ended with %v", err)
		}
	}
	// Who joins now still gets what there is.
	l, err := r.open(within(t), nil, d)
	for err == nil {
		_, err = l.Next(within(t))
	}
	if code(err) != "4410 ended" {
		t.Errorf("after the end: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	other := newRig(t)
	unknown := func(g *token.Grant) { g.Room = other.room }
	for name, c := range map[string]struct {
		change func(*listener.Config)
		want   string
	}{
		"no grant":       {func(c *listener.Config) { c.Grant = "nothing" }, "4401 unauthenticated"},
		"somebody's key": {func(c *listener.Config) { c.Grant = other.grant(func(g *token.Grant) { g.Room = r.room }) }, "4401 unauthenticated"},
		"expired": {func(c *listener.Config) {
			c.Grant = r.grant(func(g *token.Grant) { g.Issued, g.Expires = g.Issued.Add(-time.Hour), g.Issued })
		}, "4401 expired"},
		"another room's":       {func(c *listener.Config) { c.Grant = r.grant(unknown) }, "4403 forbidden"},
		"another door's":       {func(c *listener.Config) { c.Grant = r.grant(func(g *token.Grant) { g.Right = token.RightOgg }) }, "4403 forbidden"},
		"another region's":     {func(c *listener.Config) { c.Grant = r.grant(func(g *token.Grant) { g.Regions = []string{"us"} }) }, "4403 forbidden"},
		"a room never opened":  {func(c *listener.Config) { c.Room, c.Grant = other.room, r.grant(unknown) }, "4409 not_live"},
		"no room at all":       {func(c *listener.Config) { c.Room = "rm_x" }, "4404 not_found"},
		"an unknown rendition": {func(c *listener.Config) { c.Rendition = "video" }, "4400 invalid"},
		"a strange cadence":    {func(c *listener.Config) { c.Cadence = time.Minute }, "4400 invalid"},
	} {
		for _, inStart := range []bool{false, true} {
			_, err := r.open(within(t), func(cfg *listener.Config) { cfg.GrantInStart = inStart; c.change(cfg) }, d)
			if code(err) != c.want {
				t.Errorf("%s (start message: %v): %v, want %s", name, inStart, err, c.want)
			}
		}
	}
	for f, want := range map[fault.Code]string{fault.CodeNotLive: "4409 not_live", fault.CodeEnded: "4410 ended"} {
		r.fault.Store(fault.New(f, "the test says so"))
		if _, err := r.open(within(t), nil, r.edge(nil)); code(err) != want {
			t.Errorf("%s: %v", f, err)
		}
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := d.Listeners(); n != 0 {
			return fmt.Errorf("%d listeners are still counted", n)
		}
		return nil
	})
}

func TestARevocationEndsWhoItMeansAndNobodyElse(t *testing.T) {
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	user := "us_00000000000000000000"
	theirs := r.grant(func(g *token.Grant) { g.Subject = user })
	banned := r.listen(func(c *listener.Config) { c.Grant = theirs }, d)
	free := r.listen(nil, d)
	r.hear(banned, r.next-1)
	r.hear(free, r.next-1)
	r.held.Revoke(relay.Revocation{Subject: user, IssuedBefore: time.Now()})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var err error
	for err == nil {
		_, err = banned.Next(ctx)
	}
	if code(err) != "4403 forbidden" {
		t.Errorf("ended with %v", err)
	}
	if _, err := r.open(within(t), func(c *listener.Config) { c.Grant = theirs }, d); code(err) != "4403 forbidden" {
		t.Errorf("came back: %v", err)
	}
	r.speak(6)
	r.hear(free, r.next-1)
	if s := free.Stats(); s.Connections != 1 {
		t.Errorf("another listener was disturbed: %+v", s)
	}
}

func TestAnEdgeThatIsFullSaysSo(t *testing.T) {
	r := newRig(t)
	r.speak(5)
	full, empty := r.edge(func(c *Config) { c.MaxListeners = 1 }), r.edge(nil)
	r.listen(nil, full)
	l := r.listen(nil, full, empty)
	r.hear(l, r.next-1)
	if full.closes(ReasonFull) != 1 || empty.Listeners() != 1 {
		t.Errorf("refused %d, the other edge has %d", full.closes(ReasonFull), empty.Listeners())
	}
}

func TestListenersAreCountedAtTheOrigin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	l := r.listen(nil, d)
	r.listen(nil, d)
	counted := func(want uint64) {
		t.Helper()
		testkit.Eventually(t, time.Minute, func() error {
			r.speak(1)
			if n := r.held.Counts(time.Now()).GetListeners(); n != want {
				return fmt.Errorf("%d listeners at the origin, want %d", n, want)
			}
			return nil
		})
	}
	counted(2)
	l.Close()
	counted(1)
}
