package events

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	"rostrum/mobile-api/view"
)

func TestResume(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	live, _ := w.open(noor)
	for range 20 {
		log.happen(mutedBy(ada, ada, 1))
	}
	for live.nextOf("event").Position.Offset != 30 {
	}
	for _, from := range []uint64{10, 11, 29} {
		c := w.dial(noor, fmt.Sprint("1-", from))
		if hello := c.next(); !hello.Resumed {
			t.Errorf("from %d: %s", from, hello.text)
		}
		for want := from + 1; want <= 30; want++ {
			if s := c.next(); s.Type != "event" || s.Position.Offset != want {
				t.Errorf("from %d: %s, want %d", from, s.text, want)
			}
		}
		if place := c.next(); place.Type != "place" {
			t.Errorf("then came %s", place.text)
		}
		if s := c.next(); s.Type != "enforced" || s.Position != (view.Position{Term: 1, Offset: 9}) {
			t.Errorf("then came %s", s.text)
		}
	}
	c := w.dial(noor, "1-30")
	if hello, place := c.next(), c.next(); !hello.Resumed || place.Type != "place" {
		t.Errorf("from the newest: %s, %s", hello.text, place.text)
	}
	log.happen(unmutedBy(ada, 1))
	if s := c.nextOf("event"); s.Position.Offset != 31 {
		t.Errorf("then came %s", s.text)
	}
}

// Who was not followed here before is told what was missed out of the log, and the next one out of memory.
func TestResumeFromBeforeTheRoomWasFollowed(t *testing.T) {
	log := newFakeLog(ada)
	for range 20 {
		log.happen(mutedBy(ada, ada, 1))
	}
	w := newWorld(t, quick(), log)
	for i, from := range []uint64{20, 25, 15, 10} {
		c := w.dial(noor, fmt.Sprint("1-", from))
		if hello := c.next(); !hello.Resumed {
			t.Errorf("from %d: %s", from, hello.text)
		}
		for want := from + 1; want <= 30; want++ {
			if s := c.next(); s.Type != "event" || s.Position.Offset != want {
				t.Fatalf("visit %d from %d: %s, want %d", i, from, s.text, want)
			}
		}
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if log.opened != 4 { // one that stays, and one each time that more was wanted
		t.Errorf("the log was watched %d times", log.opened)
	}
}

func TestResumeFromWhatIsGone(t *testing.T) {
	log := newFakeLog(ada)
	log.kept = 5
	for range 20 {
		log.happen(mutedBy(ada, ada, 1))
	}
	w := newWorld(t, quick(), log)
	for _, from := range []string{"1-10", "1-10", "1-3"} {
		c := w.dial(noor, from)
		if hello, s := c.next(), c.next(); hello.Resumed || s.Type != "snapshot" || s.Position.Offset != 30 {
			t.Errorf("from %s: %s, %s", from, hello.text, s.text)
		}
	}
	w.await("rostrum_events_opens_total", string(tooOld), 3)
}

// A position of the term that is to come, or a few events ahead of this gateway, is waited for.
func TestResumeFromAheadWaits(t *testing.T) {
	p := quick()
	p.wait = long
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	w.open(ada)
	c := w.dial(noor, "1-12")
	w.await("rostrum_events_sockets", "", 2)
	log.happen(mutedBy(ada, ada, 1), unmutedBy(ada, 1), mutedBy(ada, ada, 1))
	if hello, s := c.next(), c.nextOf("event"); !hello.Resumed || s.Position.Offset != 13 {
		t.Errorf("told %s, %s", hello.text, s.text)
	}
}

func TestAnotherTermBeginsAnew(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	log.happen(mutedBy(ada, ada, 1))
	c.nextEvent(muted)
	log.restart()
	if s := c.nextOf("snapshot"); s.Position != (view.Position{Term: 2, Offset: 12}) || s.Stage.Enforced != nil {
		t.Errorf("told %s", s.text)
	}
	log.happen(unmutedBy(ada, 1))
	if s := c.nextOf("event"); s.Position != (view.Position{Term: 2, Offset: 13}) {
		t.Errorf("told %s", s.text)
	}
	old := w.dial(noor, "1-11")
	if hello, s := old.next(), old.next(); hello.Resumed || s.Type != "snapshot" || s.Position != (view.Position{Term: 2, Offset: 13}) {
		t.Errorf("from the term before: %s, %s", hello.text, s.text)
	}
	log.enforce(13)
	if s := c.nextOf("enforced"); s.Position != (view.Position{Term: 2, Offset: 13}) {
		t.Errorf("told %s", s.text)
	}
}

// A lost watch goes unnoticed where the log still has what was missed.
func TestALostWatchIsTakenUpAgain(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	for i, err := range []error{io.EOF, fault.Unavailable(nil, "no log"), fault.New(fault.CodeTooSlow, "take more")} {
		before := w.counted("rostrum_events_watches_lost_total", "")
		log.change(func() { log.fails = err })
		w.await("rostrum_events_watches_lost_total", "", before+1)
		log.happen(mutedBy(ada, ada, 1))
		log.change(func() { log.fails = nil })
		if s := c.next(); s.Type != "event" || s.Position.Offset != uint64(11+i) {
			t.Errorf("after %v: %s", err, s.text)
		}
	}
	// Where the log has it no more, everyone begins anew.
	log.change(func() { log.fails = io.EOF })
	log.happen(mutedBy(ada, ada, 1), mutedBy(ada, ada, 1))
	log.change(func() { log.fails, log.kept = nil, 1 })
	if s := c.next(); s.Type != "snapshot" || s.Position.Offset != 15 {
		t.Errorf("told %s", s.text)
	}
}

// While the log cannot be heard nobody is let in on old news, and nobody is told that all is as it was.
func TestASilentWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until a watch counts as lost")
	}
	p := quick()
	p.still, p.wait = 200*time.Millisecond, 3*time.Second
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	c, _ := w.open(noor)
	c.nextOf("still")
	log.change(func() { log.silent = true })
	w.await("rostrum_events_watches_lost_total", "", 1)
	testkit.Eventually(t, long, func() error { // the room may have heard a moment later than the watch
		if code, reason := w.dial(cem, "").refusal(); code != 4503 || !strings.HasPrefix(reason, "unavailable") {
			return fmt.Errorf("closed with %d %q", code, reason)
		}
		return nil
	})
	log.change(func() { log.silent = false })
	c.nextOf("still")
	w.open(cem)
}

func TestTheRingKeepsTheNewest(t *testing.T) {
	var r ring
	r.reset(view.Position{Term: 3, Offset: 100})
	if missed, ok := r.after(view.Position{Term: 3, Offset: 100}); !ok || len(missed) != 0 {
		t.Errorf("an empty ring answers %v, %v", missed, ok)
	}
	const n = 3*mostKeptEvents + 17
	for i := range uint64(n) {
		r.add(entry{at: view.Position{Term: 3, Offset: 101 + i}})
		if i%257 != 0 && i != n-1 {
			continue
		}
		newest := 101 + i
		if len(r.entries) < min(int(i)+1, mostKeptEvents) {
			t.Fatalf("keeps %d of %d", len(r.entries), i+1)
		}
		for _, from := range []uint64{r.before.Offset, newest - 1, newest} {
			missed, ok := r.after(view.Position{Term: 3, Offset: from})
			if !ok || uint64(len(missed)) != newest-from || len(missed) > 0 && missed[0].at.Offset != from+1 {
				t.Fatalf("after %d of %d come %d, %v", from, newest, len(missed), ok)
			}
		}
		for _, p := range []view.Position{
			{Term: 3, Offset: r.before.Offset - 1}, {Term: 3, Offset: newest + 1}, {Term: 2, Offset: newest}, {Term: 4, Offset: newest},
		} {
			if _, ok := r.after(p); ok {
				t.Fatalf("answers what comes after %v", p)
			}
		}
	}
	if len(r.entries) > 2*mostKeptEvents {
		t.Errorf("keeps %d", len(r.entries))
	}
}

// Whoever resumes over the edge of the ring gets a whole stage, and everything from the edge on is told.
func TestResumeAtTheEdgeOfTheRing(t *testing.T) {
	log := newFakeLog(ada)
	log.kept = 1
	w := newWorld(t, quick(), log)
	live, _ := w.open(noor)
	const n = 2*mostKeptEvents + 1
	for i := 0; i < n; {
		for end := min(n, i+100); i < end; i++ {
			log.change(func() { log.kept = 0 })
			log.happen(mutedBy(ada, ada, 1))
		}
		for live.nextOf("event").Position.Offset < 10+uint64(i) {
		}
	}
	log.change(func() { log.kept = 1 })
	newest := uint64(10 + n)
	held := 0
	for from := newest - 2*mostKeptEvents - 1; from < newest; from += mostKeptEvents / 2 {
		c := w.dial(noor, fmt.Sprint("1-", from))
		hello, s := c.next(), c.next()
		switch {
		case hello.Resumed && s.Position.Offset == from+1:
			held++
		case hello.Resumed || s.Type != "snapshot":
			t.Errorf("from %d: %s, %s", from, hello.text, s.text)
		}
		if newest-from <= mostKeptEvents && !hello.Resumed {
			t.Errorf("from %d of %d: %s", from, newest, hello.text)
		}
		c.Close()
	}
	if held < 2 {
		t.Errorf("%d positions are held", held)
	}
}

func TestWhoResumesOverATurnSeesTheWhole(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	live, _ := w.open(ada)
	log.happen(raisedBy(cem, ""), appointedBy(ada, noor), dismissedBy(ada, noor), mutedBy(ada, ada, 1))
	live.nextEvent(muted)
	for from, want := range map[string]bool{"1-11": false, "1-12": false, "1-13": false, "1-14": true} {
		c := w.dial(noor, from)
		if hello := c.next(); hello.Resumed != want {
			t.Errorf("from %s: %s", from, hello.text)
		}
		if s := c.next(); !want && (s.Type != "snapshot" || s.Stage.View != "person" || strings.Contains(s.text, cem)) {
			t.Errorf("from %s: %s", from, s.text)
		}
	}
	other := w.dial(cem, "1-10")
	if hello := other.next(); !hello.Resumed {
		t.Errorf("another person's turn: %s", hello.text)
	}
}

func TestARoomNeedsNoConnectionToGo(t *testing.T) {
	p := quick()
	p.linger = 300 * time.Millisecond
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	c, _ := w.open(noor)
	c.NetConn().Close()
	testkit.Eventually(t, long, func() error {
		if n := w.counted("rostrum_events_rooms", ""); n != 0 {
			return fmt.Errorf("%v rooms", n)
		}
		return nil
	})
	w.await("rostrum_events_closes_total", string(reasonLost), 1)
}
