package events

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	"rostrum/mobile-api/view"
)

func TestOpening(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	c, first := w.open(noor)
	if c.Subprotocol() != Subprotocol {
		t.Errorf("selected %q", c.Subprotocol())
	}
	if first.Position != (view.Position{Term: 1, Offset: 10}) || first.Stage.View != "person" || first.You.Role != "listener" {
		t.Errorf("began with %s", first.text)
	}

	started := w.dialAs("", Subprotocol)
	started.say(`{"type":"start","token":"token-` + noor + `","more":[1]}`)
	if hello := started.next(); hello.User != noor || hello.Heartbeat != never.Milliseconds() {
		t.Errorf("greeted with %s", hello.text)
	}
	if w.counted("rostrum_events_sockets", "") != 2 || w.counted("rostrum_events_rooms", "") != 1 {
		t.Error("two sockets of one room are counted otherwise")
	}
}

func TestOpeningIsRefused(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	for name, c := range map[string]struct {
		from      string
		protocols []string
		say       string
		code      int
		fault     string
	}{
		"a wrong token":            {"", []string{Subprotocol, "forged"}, "", 4401, "unauthenticated"},
		"an old token":             {"", []string{Subprotocol, "old"}, "", 4401, "expired"},
		"a wrong token to start":   {"", []string{Subprotocol}, `{"type":"start","token":"forged"}`, 4401, "unauthenticated"},
		"a start without token":    {"", []string{Subprotocol}, `{"type":"start"}`, 4401, "unauthenticated"},
		"another first message":    {"", []string{Subprotocol}, `{"type":"command","id":"k","do":"raise"}`, 4401, "unauthenticated"},
		"a start that is no JSON":  {"", []string{Subprotocol}, `start`, 4400, "invalid"},
		"a start that is too long": {"", []string{Subprotocol}, `{"type":"start","token":"` + string(make([]byte, 5000)) + `"}`, 4413, "too_large"},
		"no subprotocol":           {"", nil, "", 4400, "invalid"},
		"from nowhere":             {"here", []string{Subprotocol, "token-" + noor}, "", 4400, "invalid"},
		"from a term without":      {"3", []string{Subprotocol, "token-" + noor}, "", 4400, "invalid"},
		"from zero":                {"0-0", []string{Subprotocol, "token-" + noor}, "", 4400, "invalid"},
		"from below":               {"1--1", []string{Subprotocol, "token-" + noor}, "", 4400, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialled := w.dialAs(c.from, c.protocols...)
			dialled.t = t
			if c.say != "" {
				dialled.say(c.say)
			}
			dialled.wantClosed(c.code, c.fault)
		})
	}
}

// Who resumes from ahead is waited for, and then told.
func TestFromAheadIsRefused(t *testing.T) {
	p := quick()
	p.wait = 3 * time.Second
	w := newWorld(t, p, newFakeLog(ada))
	w.open(ada) // the stage is known
	ahead, another := w.dial(noor, "1-11"), w.dial(noor, "2-3")
	ahead.wantClosed(4416, "from_ahead")
	another.wantClosed(4416, "from_ahead")
}

// Who says nothing about who they are is not kept, not by pings either.
func TestPingsAreNoStart(t *testing.T) {
	p := quick()
	p.start = 3 * time.Second
	w := newWorld(t, p, newFakeLog(ada))
	silent, c := w.dialAs("", Subprotocol), w.dialAs("", Subprotocol)
	for range 3 {
		_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(long)) // fails where it is over already
	}
	silent.wantClosed(4401, "unauthenticated")
	c.wantClosed(4401, "unauthenticated")
}

func TestRoomsThatAreNotThere(t *testing.T) {
	for _, c := range []struct {
		watch, state error
		code         int
		fault        string
	}{
		{fault.New(fault.CodeNotFound, "no such stage"), nil, 4404, "not_found"},
		{fault.New(fault.CodeNotFound, "no such stage"), fault.New(fault.CodeNotLive, "wait"), 4409, "not_live"},
		{fault.New(fault.CodeNotFound, "no such stage"), fault.New(fault.CodeEnded, "over"), 4410, "ended"},
		{fault.New(fault.CodeNotFound, "no such stage"), fault.Unavailable(nil, "no catalogue"), 4503, "unavailable"},
		{fault.Unavailable(nil, "no log"), nil, 4503, "unavailable"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			log, p := newFakeLog(ada), quick()
			if log.fails = c.watch; c.code == 4503 {
				p.wait = 500 * time.Millisecond
			}
			w := newWorld(t, p, log)
			w.state = c.state
			w.dial(noor, "").wantClosed(c.code, c.fault)
		})
	}
}

// A room that was started since is found by who asks again.
func TestARoomThatStartsIsFound(t *testing.T) {
	log := newFakeLog(ada)
	log.fails = fault.New(fault.CodeNotFound, "no such stage")
	w := newWorld(t, quick(), log)
	w.state = fault.New(fault.CodeNotLive, "wait")
	w.dial(noor, "").wantClosed(4409, "not_live")
	log.change(func() { log.fails = nil })
	w.open(noor)
}

func TestAtMostSoManySockets(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada), func(c *Config) { c.MostSockets = 1 })
	first, _ := w.open(noor)
	w.dial(cem, "").wantClosed(4503, "unavailable")
	first.Close()
	testkit.Eventually(t, long, func() error {
		if n := w.counted("rostrum_events_sockets", ""); n != 0 {
			return fmt.Errorf("%v sockets", n)
		}
		return nil
	})
	w.open(cem)
}

func TestAtMostSoManyOfOnePerson(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	for range mostOfOnePerson {
		w.open(noor)
	}
	w.dial(noor, "").wantClosed(4429, "rate_limited")
	w.open(cem)
}

// Rooms come and go with those in them, also where somebody comes just when one goes.
func TestRoomsComeAndGo(t *testing.T) {
	p := quick()
	p.tick, p.linger, p.back = time.Millisecond, 2*time.Millisecond, time.Millisecond
	w := newWorld(t, p, newFakeLog(ada))
	for i := range 300 {
		c, _ := w.open(noor)
		c.Close()
		<-time.After(time.Duration(i%7) * time.Millisecond)
	}
	testkit.Eventually(t, long, func() error {
		if n := w.counted("rostrum_events_rooms", ""); n != 0 {
			return fmt.Errorf("%v rooms are followed for nobody", n)
		}
		return nil
	})
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	t.Logf("%d watches for 300 visits", w.log.opened)
}

func TestCloseEndsEverything(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	var all []*client
	for range 10 {
		c, _ := w.open(ada)
		all = append(all, c)
	}
	all = append(all, w.dialAs("", Subprotocol)) // has not said who it is
	ended := make(chan error)
	go func() { ended <- w.sockets.Close() }()
	for _, c := range all[:10] {
		c.wantClosed(1001, "")
	}
	all[10].Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(long):
		t.Fatal("Close did not return")
	}
	if _, answer, err := websocket.DefaultDialer.Dial(w.address(""), nil); err == nil || answer == nil || answer.StatusCode != 503 {
		t.Errorf("a closed gateway answered %v, %v", answer, err)
	}
}

// A client that is there but reads nothing does not keep the gateway from leaving.
func TestCloseDoesNotWaitForWhoDoesNotAnswer(t *testing.T) {
	p := quick()
	p.grace = 200 * time.Millisecond
	w := newWorld(t, p, newFakeLog(ada))
	dialer := websocket.Dialer{Subprotocols: []string{Subprotocol, "token-" + noor}}
	dialer.NetDial = func(network, address string) (net.Conn, error) { return net.Dial(network, address) }
	ws, _, err := dialer.Dial(w.address(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	w.await("rostrum_events_opens_total", "fresh", 1)
	ended := make(chan struct{})
	go func() { defer close(ended); w.sockets.Close() }()
	select {
	case <-ended:
	case <-time.After(long):
		t.Fatal("Close did not return")
	}
}
