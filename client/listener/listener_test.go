package listener

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func encoded(t testing.TB, number audio.Number, epoch audio.Epoch) []byte {
	t.Helper()
	b := &audio.Batch{Number: number, Epoch: epoch, Rendition: audio.Voice32}
	for i := range b.Frames {
		b.Frames[i].Opus = []byte{byte(number), byte(i)}
	}
	out, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wireBatch is a ServerMessage with these bytes as its batch.
func wireBatch(encoded []byte) []byte {
	out := []byte{fieldBatch<<3 | 2}
	for n := len(encoded); ; n >>= 7 {
		if n < 128 {
			out = append(out, byte(n))
			break
		}
		out = append(out, byte(n)|128)
	}
	return append(out, encoded...)
}

func wire(t testing.TB, m *listenv1.ServerMessage) []byte {
	t.Helper()
	out, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func hello(t testing.TB, first uint64) []byte {
	return wire(t, &listenv1.ServerMessage{Message: &listenv1.ServerMessage_Hello{Hello: &listenv1.Hello{First: first, Rendition: "voice-32"}}})
}

func gap(t testing.TB, first, last, epoch uint64) []byte {
	return wire(t, &listenv1.ServerMessage{Message: &listenv1.ServerMessage_Gap{
		Gap: &listenv1.Gap{First: first, Last: last, Epoch: epoch, Reason: listenv1.GapReason_GAP_REASON_NEW_ORIGIN},
	}})
}

func card(t testing.TB, revision uint64) []byte {
	return wire(t, &listenv1.ServerMessage{Message: &listenv1.ServerMessage_Card{Card: &listenv1.RoomCard{Revision: revision}}})
}

// connection is what a scripted edge sends over one connection: messages, then a close code or, without one, silence.
type connection struct {
	messages [][]byte
	code     int
	text     string
}

// edge plays one connection after the other and notes with what "from" each was asked for.
type edge struct {
	t       *testing.T
	url     string
	mu      sync.Mutex
	script  []connection
	froms   []string
	clients []*listenv1.ClientMessage
}

func newEdge(t *testing.T, script ...connection) *edge {
	e := &edge{t: t, script: script}
	server := httptest.NewServer(http.HandlerFunc(e.serve))
	e.url = server.URL
	t.Cleanup(server.Close)
	return e
}

func (e *edge) serve(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	e.mu.Lock()
	e.froms = append(e.froms, r.URL.Query().Get("from"))
	var now connection
	if len(e.script) > 0 {
		now, e.script = e.script[0], e.script[1:]
	}
	e.mu.Unlock()
	for _, m := range now.messages {
		if conn.WriteMessage(websocket.BinaryMessage, m) != nil {
			return
		}
	}
	if now.code != 0 {
		conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(now.code, now.text), time.Now().Add(time.Second))
	}
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		m := &listenv1.ClientMessage{}
		if err := proto.Unmarshal(raw, m); err != nil {
			e.t.Error(err)
		}
		e.mu.Lock()
		e.clients = append(e.clients, m)
		e.mu.Unlock()
	}
}

func open(t *testing.T, change func(*Config), edges ...*edge) (*Listener, error) {
	t.Helper()
	cfg := Config{Room: "rm_00000000000000000000", Grant: "grant"}
	for _, e := range edges {
		cfg.URLs = append(cfg.URLs, e.url)
	}
	if change != nil {
		change(&cfg)
	}
	l, err := Open(within(t), cfg)
	if err == nil {
		t.Cleanup(func() { l.Close() })
	}
	return l, err
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// next answers the next n items as text.
func next(t *testing.T, l *Listener, n int) (all []string) {
	t.Helper()
	for range n {
		item, err := l.Next(within(t))
		switch {
		case err != nil:
			t.Fatalf("after %v: %v, %+v", all, err, l.Stats())
		case item.Hello != nil:
			all = append(all, "hello")
		case item.Batch != nil:
			all = append(all, strconv.FormatUint(item.Batch.GetNumber(), 10))
		case item.Gap != nil:
			all = append(all, fmt.Sprintf("gap %d-%d", item.Gap.First, item.Gap.Last))
		case item.Lost != nil:
			all = append(all, fmt.Sprintf("lost %d-%d", item.Lost.First, item.Lost.Last))
		case item.Card != nil:
			all = append(all, fmt.Sprintf("card %d", item.Card.Revision))
		}
	}
	return all
}

func expect(t *testing.T, l *Listener, want ...string) {
	t.Helper()
	if got := next(t, l, len(want)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("heard %v, want %v; %+v", got, want, l.Stats())
	}
}

func TestEpochsNumbersAndCards(t *testing.T) {
	b := func(number audio.Number, epoch audio.Epoch) []byte { return wireBatch(encoded(t, number, epoch)) }
	e := newEdge(t, connection{messages: [][]byte{
		hello(t, 10), card(t, 3), b(10, 5), b(10, 5), b(9, 5), b(11, 4), card(t, 2), card(t, 3), b(11, 5),
		{0xfa, 0x01, 0x01, 'x'}, // a newer kind of message
		gap(t, 8, 11, 5), gap(t, 10, 20, 6), b(21, 5), b(21, 6), card(t, 4), b(22, 6),
	}})
	l, err := open(t, nil, e)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello", "card 3", "10", "11", "gap 12-20", "21", "card 4", "22")
	if s := l.Stats(); s.Repeats != 3 || s.LowerEpochs != 2 || s.EpochFalls != 2 || s.Connections != 1 {
		t.Errorf("%+v", s)
	}
}

func TestFaultsOfAConnectionAreResumed(t *testing.T) {
	b := func(number audio.Number) []byte { return wireBatch(encoded(t, number, 5)) }
	damaged := b(12)
	damaged[12] ^= 1
	first := newEdge(t,
		connection{messages: [][]byte{hello(t, 10), b(10), b(11), damaged}},
		connection{messages: [][]byte{hello(t, 13), b(13), b(15)}}, // a hole at 14
		connection{messages: [][]byte{b(15)}},                      // no Hello
		connection{messages: [][]byte{hello(t, 18), b(18)}, code: 4401, text: "expired: get another"},
	)
	second := newEdge(t,
		connection{messages: [][]byte{hello(t, 12), b(12)}, code: 4503, text: "too_slow: resume from 13"},
		connection{messages: [][]byte{hello(t, 14), b(14), b(15), b(16), b(17)}, code: 1001},
		connection{messages: [][]byte{hello(t, 18)}},
		connection{messages: [][]byte{hello(t, 19), b(19)}},
	)
	grants := 0
	l, err := open(t, func(c *Config) {
		c.Silence = 3 * time.Second
		c.Renew = func(context.Context) (Grant, error) { grants++; return Grant{Token: "another"}, nil }
	}, first, second)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello", "10", "11", "hello", "12", "hello", "13", "hello", "14", "15", "16", "17", "hello", "hello", "18", "hello", "19")
	if s := l.Stats(); s.Corrupt != 2 || s.Holes != 1 || s.Lost != 0 || s.Repeats != 0 || grants != 1 {
		t.Errorf("%+v, %d grants", s, grants)
	}
	if got := fmt.Sprint(first.froms, second.froms); got != "[ 13 18 18] [12 14 18 19]" {
		t.Errorf("asked from %s", got)
	}
}

func TestAHoleThatStaysIsLost(t *testing.T) {
	holed := connection{messages: [][]byte{hello(t, 5), wireBatch(encoded(t, 7, 1))}}
	e := newEdge(t, connection{messages: [][]byte{hello(t, 4), wireBatch(encoded(t, 4, 1)), wireBatch(encoded(t, 7, 1))}}, holed, holed)
	l, err := open(t, nil, e)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello", "4", "hello", "hello", "lost 5-6", "7")
	if s := l.Stats(); s.Lost != 2 || s.Holes != 3 {
		t.Errorf("%+v", s)
	}
}

func TestWhatIsNoLongerHeldIsLost(t *testing.T) {
	e := newEdge(t, connection{messages: [][]byte{hello(t, 100), wireBatch(encoded(t, 100, 1))}})
	l, err := open(t, func(c *Config) { c.From = 90 }, e)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello", "lost 90-99", "100")
}

func TestFinalCodesEnd(t *testing.T) {
	for _, code := range []int{4400, 4401, 4403, 4404, 4409, 4410, 4413} {
		e := newEdge(t, connection{messages: [][]byte{}, code: code, text: "ended: the room is over"})
		_, err := open(t, nil, e)
		var told *CloseError
		if !errors.As(err, &told) || told.Code != code || told.Fault != "ended" || told.Message != "the room is over" {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestCloseEndsNext(t *testing.T) {
	e := newEdge(t, connection{messages: [][]byte{hello(t, 1)}})
	l, err := open(t, nil, e)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello")
	ended := make(chan error)
	go func() {
		_, err := l.Next(context.Background())
		ended <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Next goes on")
	}
}

func TestWhatIsHeardIsAcknowledged(t *testing.T) {
	e := newEdge(t, connection{messages: [][]byte{hello(t, 7), wireBatch(encoded(t, 7, 1)), wireBatch(encoded(t, 8, 1))}})
	l, err := open(t, func(c *Config) { c.AckEvery = time.Nanosecond; c.Cadence = 200 * time.Millisecond }, e)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, l, "hello", "7")
	l.Heard(6)
	expect(t, l, "8")
	if err := l.SetCadence(time.Second); err != nil {
		t.Fatal(err)
	}
	l.Close()
	deadline := time.Now().Add(time.Minute)
	for {
		e.mu.Lock()
		got := fmt.Sprint(e.clients)
		n := len(e.clients)
		e.mu.Unlock()
		if n == 3 {
			if e.clients[0].GetAck().GetNumber() != 7 || e.clients[1].GetAck().GetNumber() != 6 || e.clients[2].GetCadence().GetMs() != 1000 {
				t.Errorf("said %s", got)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("said %s", got)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(wireBatch(encoded(f, 3, 1)))
	f.Add(hello(f, 3))
	f.Add(gap(f, 3, 4, 5))
	f.Add(card(f, 3))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parse(raw, nil)
		shared, sharedErr := parse(raw, NewBatches())
		if (err == nil) != (sharedErr == nil) || !bytes.Equal(m.encoded, shared.encoded) {
			t.Fatalf("alone %v, shared %v", err, sharedErr)
		}
		if err != nil || m.batch == nil {
			return
		}
		if header, err := audio.Peek(m.encoded); err == nil && uint64(header.Number) != m.batch.GetNumber() {
			t.Fatalf("read %d, is %d", m.batch.GetNumber(), header.Number)
		}
	})
}
