package events

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mobile-api/intent"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// Every verb of the protocol becomes the command that HTTP makes of it.
func TestEveryVerb(t *testing.T) {
	log := newFakeLog(ada)
	log.onApply = func(context.Context, *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		return &v1.ApplyResponse{Position: at(1, 77), Place: 3}, nil
	}
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	verbs := []intent.Intent{
		{Do: "raise", Note: "about tides"}, {Do: "lower", User: ada}, {Do: "lower_all"}, {Do: "hand_mode", Mode: "invited"},
		{Do: "invite", User: ada, ExpiresIn: 30}, {Do: "withdraw", User: ada}, {Do: "accept", Muted: true}, {Do: "decline"},
		{Do: "take_seat"}, {Do: "seat", User: ada}, {Do: "seat", User: "me"}, {Do: "audience", User: "me"}, {Do: "leave"},
		{Do: "mute", User: ada}, {Do: "unmute"}, {Do: "hold", User: ada}, {Do: "release", User: ada}, {Do: "appoint", User: ada},
		{Do: "dismiss", User: ada}, {Do: "remove", User: ada}, {Do: "readmit", User: ada},
	}
	who := intent.Person{User: noor, Name: "Name of " + noor}
	for i, in := range verbs {
		c.say(fmt.Sprintf(`{"type":"command","id":"k%d","do":%q,"user":%q,"note":%q,"muted":%v,"mode":%q,"expires_in":%d}`,
			i, in.Do, in.User, in.Note, in.Muted, in.Mode, in.ExpiresIn))
		answer := c.nextOf("answer")
		if answer.ID != fmt.Sprint("k", i) || answer.Error != nil || !strings.Contains(answer.text, `"position":{"term":1,"offset":77},"place":3`) {
			t.Errorf("%s: answered %s", in.Do, answer.text)
		}
		if in.Do == "invite" || in.Do == "seat" {
			in.Name = "Name of " + ada
			if in.User == "me" {
				in.Name = who.Name
			}
		}
		name, err := intent.CommandID(noor, fmt.Sprint("k", i))
		if err != nil {
			t.Fatal(err)
		}
		want, err := in.Request(id.Main, theRoom, who, name)
		if err != nil {
			t.Fatal(err)
		}
		if got := log.requests(); !proto.Equal(got[len(got)-1], want) {
			t.Errorf("%s became %v, want %v", in.Do, got[len(got)-1], want)
		}
	}
	if w.counted("rostrum_events_commands_total", "ok") != float64(len(verbs)) {
		t.Error("commands are not counted")
	}
}

func TestCommandsAreRefused(t *testing.T) {
	log := newFakeLog(ada)
	log.onApply = func(context.Context, *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		return nil, fault.Status(fault.New(fault.CodeHandsClosed, "hands are closed").In(time.Second).With("mode", "closed"))
	}
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	for _, ask := range []struct{ text, want string }{
		{`"do":"raise"`, `"error":{"code":"hands_closed","message":"hands are closed","retry_after_ms":1000,"details":{"mode":"closed"}}`},
		{`"do":"raise","user":"` + ada + `"`, `"error":{"code":"forbidden"`},
		{`"do":"invite","user":"` + cem + `"`, `"error":{"code":"not_found"`},
	} {
		c.say(`{"type":"command","id":"k",` + ask.text + `}`)
		if answer := c.nextOf("answer"); answer.ID != "k" || !strings.Contains(answer.text, ask.want) || strings.Contains(answer.text, "place") {
			t.Errorf("%s: answered %s", ask.text, answer.text)
		}
	}
}

// Commands of one connection are done in the order in which they were sent, also while the stage is slow.
func TestCommandsKeepTheirOrder(t *testing.T) {
	log := newFakeLog(ada)
	log.onApply = func(context.Context, *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		<-time.After(time.Millisecond)
		return &v1.ApplyResponse{Position: at(1, 11)}, nil
	}
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	for i := range mostOrders {
		c.say(fmt.Sprintf(`{"type":"command","id":"k%d","do":"mute"}`, i))
	}
	for i := range mostOrders {
		if answer := c.nextOf("answer"); answer.ID != fmt.Sprint("k", i) {
			t.Errorf("answer %d is %s", i, answer.text)
		}
	}
}

// Sixteen may wait; whoever has an answer may send another.
func TestSixteenCommandsMayWait(t *testing.T) {
	log, gate := newFakeLog(ada), make(chan struct{})
	log.onApply = func(ctx context.Context, _ *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return &v1.ApplyResponse{Position: at(1, 11)}, nil
	}
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	mute := func(i int) { c.say(fmt.Sprintf(`{"type":"command","id":"k%d","do":"mute"}`, i)) }
	for i := range mostOrders {
		mute(i)
	}
	for i := range 10 {
		gate <- struct{}{}
		c.nextOf("answer")
		mute(mostOrders + i)
	}
	mute(99)
	c.wantClosed(4429, "rate_limited")
	close(gate)
	if n := len(log.requests()); n > mostOrders+10 {
		t.Errorf("%d commands were done", n)
	}
}

// What was sent before the connection went is done, for a moment.
func TestCommandsOutliveTheirConnection(t *testing.T) {
	p := quick()
	p.grace = 3 * time.Second
	log := newFakeLog(ada)
	started, gone, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	log.onApply = func(ctx context.Context, in *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		if in.GetUnmute() != nil {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}
		close(started)
		<-gone
		ended <- ctx.Err()
		return &v1.ApplyResponse{Position: at(1, 11)}, nil
	}
	w := newWorld(t, p, log)
	c, _ := w.open(noor)
	c.say(`{"type":"command","id":"a","do":"mute"}`)
	c.say(`{"type":"command","id":"b","do":"unmute"}`)
	<-started
	c.Close()
	w.await("rostrum_events_closes_total", string(reasonLost), 1)
	close(gone)
	if err := <-ended; err != nil {
		t.Errorf("the command under way ended with %v", err)
	}
	if err := <-ended; err != context.Canceled {
		t.Errorf("the one that does not end ended with %v", err)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	command := `{"type":"command","id":"k","do":"mute","note":"`
	fits := command + strings.Repeat("n", maxMessageBytes-len(command)-2) + `"}`
	for name, c := range map[string]struct {
		do    func(*client)
		code  int
		fault string
	}{
		"4097 bytes":   {func(c *client) { c.say(fits[:len(fits)-2] + `n"}`) }, 4413, "too_large"},
		"a megabyte":   {func(c *client) { c.say(strings.Repeat(" ", 1<<20)) }, 4413, "too_large"},
		"binary":       {func(c *client) { _ = c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"x"}`)) }, 4400, "invalid"},
		"no UTF-8":     {func(c *client) { c.say("{\"type\":\"\xff\"}") }, 4400, "invalid"},
		"a bad opcode": {func(c *client) { _, _ = c.NetConn().Write([]byte{0x83, 0x80, 0, 0, 0, 0}) }, 4400, "invalid"},
		"no mask":      {func(c *client) { _, _ = c.NetConn().Write([]byte{0x81, 0x02, '{', '}'}) }, 4400, "invalid"},
		"messages": {func(c *client) { // 41 at once; more where this machine takes its time
			for range 2000 {
				_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"unknown"}`))
			}
		}, 4429, "rate_limited"},
		"pings": {func(c *client) {
			for range 2000 {
				_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(long))
			}
		}, 4429, "rate_limited"},
	} {
		t.Run(name, func(t *testing.T) {
			dialled, _ := w.open(noor)
			dialled.t = t
			dialled.SetPongHandler(func(string) error { return nil })
			c.do(dialled)
			dialled.wantClosed(c.code, c.fault)
		})
	}
	c, _ := w.open(noor)
	c.say(fits)
	if answer := c.nextOf("answer"); answer.Error == nil || answer.Error.Code != fault.CodeInvalid {
		t.Errorf("a note of 4,000 letters was answered %s", answer.text)
	}
}

func TestPings(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	c, _ := w.open(noor)
	pong := ""
	c.SetPongHandler(func(text string) error { pong = text; return nil })
	if err := c.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(long)); err != nil {
		t.Fatal(err)
	}
	c.say(`{"type":"command","id":"k","do":"mute"}`)
	c.nextOf("answer")
	if pong != "are you there" {
		t.Errorf("pong %q", pong)
	}
}

func TestClosing(t *testing.T) {
	w := newWorld(t, quick(), newFakeLog(ada))
	for _, c := range []struct {
		sent []byte
		want int
	}{{websocket.FormatCloseMessage(1000, "bye"), 1000}, {websocket.FormatCloseMessage(1001, ""), 1001}, {nil, 1000}, {websocket.FormatCloseMessage(3999, ""), 3999}} {
		dialled, _ := w.open(noor)
		if err := dialled.WriteControl(websocket.CloseMessage, c.sent, time.Now().Add(long)); err != nil {
			t.Fatal(err)
		}
		dialled.wantClosed(c.want, "")
	}
	w.await("rostrum_events_closes_total", string(reasonLeft), 4)
}

func TestSilenceEndsAConnection(t *testing.T) {
	p := quick()
	p.silence = 300 * time.Millisecond
	w := newWorld(t, p, newFakeLog(ada))
	c := w.dial(noor, "") // a client that says nothing at all, from its start
	if code, _ := c.closed(); code != 0 {
		t.Errorf("closed with %d", code)
	}
	w.await("rostrum_events_closes_total", string(reasonSilent), 1)
}

// A client that answers pings is not silent.
func TestPongsKeepAConnection(t *testing.T) {
	p := quick()
	p.silence, p.ping, p.still = 3*time.Second, 300*time.Millisecond, 100*time.Millisecond
	w := newWorld(t, p, newFakeLog(ada))
	c, _ := w.open(noor)
	until := time.Now().Add(p.silence * 3 / 2)
	for time.Now().Before(until) {
		c.nextOf("still")
	}
}

func TestWhoIsNotConcernedIsIdle(t *testing.T) {
	p := quick()
	p.idle, p.back = 2*time.Second, never
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	host, _ := w.open(ada)
	begun := time.Now()
	c, _ := w.open(noor)
	c.wantClosed(4408, "idle")
	if passed := time.Since(begun); passed < p.idle {
		t.Errorf("after %v", passed)
	}
	again, _ := w.open(noor) // has as long as the first one
	log.happen(raisedBy(noor, ""))
	again.nextEvent(handRaised)
	begun = time.Now()
	testkit.Eventually(t, long, func() error {
		if time.Since(begun) < p.idle*3/2 {
			return fmt.Errorf("too early to tell")
		}
		return nil
	})
	log.happen(mutedBy(ada, ada, 1))
	again.nextEvent(muted)
	host.nextEvent(muted)
	log.happen(loweredBy(noor, noor))
	again.wantClosed(4408, "idle")
}

func TestTheRoomEnds(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	log.happen(mutedBy(ada, ada, 1), endedBy(ada))
	c.nextEvent(roomEnded)
	c.wantClosed(4410, "ended")
	w.dial(noor, "").wantClosed(4410, "ended")
	missed := w.dial(noor, "1-10")
	missed.nextEvent(muted)
	missed.nextEvent(roomEnded)
	missed.wantClosed(4410, "ended")
	w.dial(noor, "1-12").wantClosed(4410, "ended")
}
