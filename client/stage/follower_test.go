package stage

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
)

func TestAFollowerResumesFromItsPosition(t *testing.T) {
	muted := func(offset int) string { return event(1, offset, `"event":"muted","user":"`+ada+`","seat":1`) }
	g := newGateway(t,
		script{messages: []string{hello, snapshot(1, 10), muted(11), muted(11), muted(9), `{"type":"carnival"}`,
			`{"type":"enforced","position":` + position(1, 14) + `}`, `{"type":"place","place":0,"of":4}`, muted(13)}, code: 1001},
		// the position of an enforcement is none of the log's that was heard
		script{messages: []string{resumed, muted(14), `{"type":"still","position":` + position(1, 20) + `}`}, code: 4503, text: "too_slow: resume"},
		script{messages: []string{resumed, muted(19), muted(21), event(2, 22, `"event":"room_ended"`)}}, // of another term
		script{messages: []string{hello, snapshot(2, 30)}, code: 4416, text: "from_ahead: no"},
		script{messages: []string{hello, snapshot(2, 31), event(2, 32, `"event":"something_new","user":"x"`), event(2, 33, `"event":"room_ended"`)},
			code: 4410, text: "ended: the room is over"},
	)
	f := g.follow(nil)
	expect(t, f, "snapshot 1-10", "muted 1-11", "enforced 1-14", "place 0 of 4", "muted 1-13", "muted 1-14", "muted 1-21",
		"snapshot 2-30", "snapshot 2-31", "something_new 2-32", "room_ended 2-33")
	_, err := f.Next(within(t))
	if FaultOf(err) != "ended" || f.Stage().State != "ended" {
		t.Errorf("ended with %v, %+v", err, f.Stage())
	}
	if want := "t|1-13 t|1-20 t|t|t"; g.asks() != want {
		t.Errorf("asked %s, want %s", g.asks(), want)
	}
	if s := f.Stats(); s.Repeats != 3 || s.Corrupt != 1 || s.Connections != 5 || s.Snapshots != 3 || s.Overruns != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCloseCodes(t *testing.T) {
	for code, final := range map[int]bool{4400: true, 4403: true, 4404: true, 4408: true, 4409: true, 4410: true, 4413: true,
		1001: false, 1006: false, 4500: false, 4503: false, 4504: false, 4999: false} {
		goodbye := script{messages: []string{hello, snapshot(1, 10)}, code: code, text: "why: because"}
		if code == 1006 { // no close frame
			goodbye = script{messages: []string{hello, snapshot(1, 10), "no JSON"}}
		}
		g := newGateway(t, goodbye, script{messages: []string{hello, snapshot(1, 11)}})
		f := g.follow(nil)
		expect(t, f, "snapshot 1-10")
		if !final {
			expect(t, f, "snapshot 1-11")
			f.Close()
			continue
		}
		_, err := f.Next(within(t))
		var told *CloseError
		if !errors.As(err, &told) || told.Code != code || told.Fault != "why" || told.Message != "because" {
			t.Errorf("%d: %v", code, err)
		}
		f.Close()
	}
}

func TestARefusedTokenIsReplaced(t *testing.T) {
	no := script{code: 4401, text: "expired: get another"}
	g := newGateway(t, no, script{messages: []string{hello, snapshot(1, 1)}}, no, no, no)
	var refused []string
	f := g.follow(func(c *Config) {
		c.Token = func(_ context.Context, over string) (string, error) {
			refused = append(refused, over)
			return "t" + over, nil
		}
	})
	expect(t, f, "snapshot 1-1")
	f.Cut()
	if _, err := f.Next(within(t)); FaultOf(err) != "expired" {
		t.Errorf("three refusals end with %v", err)
	}
	if got := strings.Join(refused, ","); got != ",t,,t,tt" {
		t.Errorf("told of refused tokens %s", got)
	}
}

func TestWithoutATokenItEnds(t *testing.T) {
	g := newGateway(t)
	for name, c := range map[string]struct {
		err   error
		final bool
	}{
		"none":   {errors.New("nobody is at home"), true},
		"no":     {&api.Error{Code: "unauthenticated"}, true},
		"passes": {&api.Error{Code: "unavailable"}, false},
	} {
		cfg := g.config()
		cfg.Token = func(context.Context, string) (string, error) { return "", c.err }
		wait := time.Minute
		if !c.final {
			wait = 2 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		_, err := Follow(ctx, cfg)
		cancel()
		if !errors.Is(err, c.err) || errors.Is(err, context.DeadlineExceeded) == c.final {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNoGatewayIsTold(t *testing.T) {
	if _, err := Follow(within(t), newGateway(t, script{status: 404}).config()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v", err)
	}
	g := newGateway(t, script{status: 502}, script{messages: []string{hello, snapshot(1, 1)}})
	expect(t, g.follow(nil), "snapshot 1-1")
	for _, cfg := range []Config{{}, {URL: "ftp://x", Room: room}, {URL: "http://x", Room: "rm_x", Token: g.config().Token}} {
		if _, err := Follow(within(t), cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestBrokenBeginnings(t *testing.T) {
	g := newGateway(t,
		script{messages: []string{snapshot(1, 1)}},
		script{messages: []string{strings.Replace(hello, `"version":1`, `"version":2`, 1)}},
		script{messages: []string{resumed}}, // nothing to resume
		script{messages: []string{hello, `{"type":"snapshot","position":{"term":1,"offset":1}}`}},
		script{messages: []string{hello, snapshot(1, 5), hello}},
		script{messages: []string{hello, snapshot(1, 6)}},
	)
	f := g.follow(nil)
	expect(t, f, "snapshot 1-5", "snapshot 1-6")
	if s := f.Stats(); s.Corrupt != 5 || s.Connections != 2 {
		t.Errorf("%+v", s)
	}
}

func TestSilenceIsALostConnection(t *testing.T) {
	g := newGateway(t, script{messages: []string{hello, snapshot(1, 1)}}, script{messages: []string{resumed, raised(2, noor, "Noor")}})
	f := g.follow(func(c *Config) { c.Silence = 3 * time.Second })
	expect(t, f, "snapshot 1-1", "hand_raised 1-2")
}

func TestTheTokenMayBeTheFirstMessage(t *testing.T) {
	g := newGateway(t, script{waits: true, messages: []string{hello, snapshot(1, 1)}})
	f := g.follow(func(c *Config) { c.TokenInStart = true })
	expect(t, f, "snapshot 1-1")
	f.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked[0] != "" || len(g.heard) != 1 || g.heard[0] != `{"type":"start","token":"t"}` {
		t.Errorf("asked %q, heard %q", g.asked, g.heard)
	}
}

// Who does not take items gets the stage instead of them.
func TestWaitingItemsAreBounded(t *testing.T) {
	messages := []string{hello, snapshot(1, 1)}
	for i := range 10 {
		messages = append(messages, raised(i+2, noor, "Noor"))
	}
	g := newGateway(t, script{messages: messages})
	f := g.follow(func(c *Config) { c.Waiting = 4 })
	for deadline := time.Now().Add(time.Minute); f.Stage().Position != at(1, 11); {
		if time.Now().After(deadline) {
			t.Fatalf("at %v", f.Stage().Position)
		}
		<-time.After(time.Millisecond)
	}
	// 4 wait, the fifth makes them a snapshot; and again
	expect(t, f, "snapshot 1-9", "hand_raised 1-10", "hand_raised 1-11")
	if s := f.Stats(); s.Overruns != 2 {
		t.Errorf("%+v", s)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	g := newGateway(t, script{messages: []string{hello, snapshot(1, 1)}})
	f := g.follow(nil)
	expect(t, f, "snapshot 1-1")
	ended := make(chan error, 2)
	go func() { _, err := f.Next(context.Background()); ended <- err }()
	go func() { _, err := f.Do(context.Background(), Command{Do: DoMute}); ended <- err }()
	f.Close()
	for range 2 {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
	f.Close()
}
