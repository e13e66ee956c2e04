package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"rostrum/client/listener"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// dial opens a connection that the test then misuses.
func (r *rig) dial(d *door, query string, dialer *websocket.Dialer) *websocket.Conn {
	r.t.Helper()
	url := "ws" + strings.TrimPrefix(d.url, "http") + "/v1/rooms/" + string(r.room) + "/listen" + query
	conn, _, err := dialer.DialContext(within(r.t), url, http.Header{"Sec-Websocket-Protocol": {Subprotocol + ", " + r.grant(nil)}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

// closedWith reads until the connection is closed and answers the code.
func closedWith(t *testing.T, conn *websocket.Conn) int {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			var told *websocket.CloseError
			if !errors.As(err, &told) {
				t.Errorf("ended with %v", err)
				return 0
			}
			return told.Code
		}
	}
}

func TestMalformedMessagesCloseTheirConnectionOnly(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := newRig(t)
		r.speak(20)
		d, dialer := r.edge(nil), &websocket.Dialer{}
		if secure {
			d = r.secureEdge(nil)
			dialer = r.dialer()
		}
		good := r.listen(nil, d)
		ack, err := proto.Marshal(&listenv1.ClientMessage{Message: &listenv1.ClientMessage_Ack{Ack: &listenv1.Ack{Number: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		odd, err := proto.Marshal(&listenv1.ClientMessage{Message: &listenv1.ClientMessage_Cadence{Cadence: &listenv1.Cadence{Ms: 7}}})
		if err != nil {
			t.Fatal(err)
		}
		flood := []byte{}
		for range 200 {
			flood = append(flood, masked(bitFinal|opPing, []byte("x"))...)
		}
		for name, c := range map[string]struct {
			bytes []byte
			code  int
		}{
			"text":             {masked(bitFinal|opText, []byte("hello")), 4400},
			"unmasked":         {[]byte{bitFinal | opBinary, 1, 'x'}, 4400},
			"not protobuf":     {masked(bitFinal|opBinary, []byte{0xff, 0xff, 0xff}), 4400},
			"strange cadence":  {masked(bitFinal|opBinary, odd), 4400},
			"oversized":        {masked(bitFinal|opBinary, make([]byte, 5000)), 4413},
			"huge":             {masked(bitFinal|opBinary, make([]byte, 100_000)), 4413},
			"unknown opcode":   {masked(bitFinal|5, nil), 4400},
			"too many":         {flood, 4429},
			"close":            {masked(bitFinal|opClose, []byte{0x0f, 0xa1}), 4001},
			"close, no code":   {masked(bitFinal|opClose, nil), 1000},
			"ack, then close":  {append(masked(bitFinal|opBinary, ack), masked(bitFinal|opClose, []byte{3, 232})...), 1000},
			"unknown, newer":   {append(masked(bitFinal|opBinary, []byte{0xfa, 0x01, 0x01, 'x'}), masked(bitFinal|opClose, []byte{3, 232})...), 1000},
			"close, bad code":  {masked(bitFinal|opClose, []byte{0x03, 0xed}), 1000},
			"close, long code": {masked(bitFinal|opClose, []byte{0xff, 0xff}), 1000},
		} {
			conn := r.dial(d, "", dialer)
			conn.SetCloseHandler(func(int, string) error { return nil })
			if _, err := conn.NetConn().Write(c.bytes); err != nil {
				t.Fatal(err)
			}
			if got := closedWith(t, conn); got != c.code {
				t.Errorf("tls=%v, %s: closed with %d, want %d", secure, name, got, c.code)
			}
			conn.Close()
		}
		r.hear(good, r.next-1)
		r.speak(10)
		r.hear(good, r.next-6)
		if s := good.Stats(); s.Connections != 1 {
			t.Errorf("tls=%v: another listener was disturbed: %+v", secure, s)
		}
	}
}

func TestPingsAreAnsweredBetweenFrames(t *testing.T) {
	r := newRig(t)
	r.speak(300)
	d := r.edge(nil)
	conn := r.dial(d, "?cadence=200&from=1", &websocket.Dialer{})
	pongs := make(chan string, 100)
	conn.SetPongHandler(func(text string) error { pongs <- text; return nil })
	var heard sync.WaitGroup
	heard.Go(func() {
		for {
			kind, raw, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if err := proto.Unmarshal(raw, &listenv1.ServerMessage{}); err != nil || kind != websocket.BinaryMessage {
				t.Errorf("kind %d: %v", kind, err)
			}
		}
	})
	for i := range 20 {
		text := fmt.Sprintf("ping %d", i)
		if err := conn.WriteControl(websocket.PingMessage, []byte(text), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-pongs:
			if got != text {
				t.Errorf("pong %q for %q", got, text)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%q was not answered", text)
		}
	}
	conn.Close()
	heard.Wait()
}

// narrow dials with a small receive buffer.
func narrow(bytes int, change func(net.Conn) net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := conn.(*net.TCPConn).SetReadBuffer(bytes); err != nil {
			return nil, err
		}
		return change(conn), nil
	}
}

func TestAReaderThatNeverReadsIsCutAndCostsNobody(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		r := newRig(t)
		r.speak(300)
		dialer, stall := &websocket.Dialer{}, func(c *Config) { c.StallAfter, c.Shards = time.Second, 1 }
		d := r.edge(stall)
		if secure {
			d = r.secureEdge(stall)
			dialer = r.dialer()
		}
		dialer.NetDialContext = narrow(2048, func(conn net.Conn) net.Conn { return conn })
		for range 10 {
			r.dial(d, "?from=1", dialer)
		}
		good := r.listen(func(c *listener.Config) { c.Cadence = 200 * time.Millisecond }, d)
		from := r.next
		testkit.Eventually(t, time.Minute, func() error {
			r.speak(1)
			if n := d.closes(ReasonStalled) + d.closes(ReasonFellBehind); n != 10 || d.Listeners() != 1 {
				return fmt.Errorf("tls=%v: %d of 10 were cut, %d are open", secure, n, d.Listeners())
			}
			return nil
		})
		heard, _ := r.hear(good, r.next-1)
		if s := good.Stats(); s.Connections != 1 || len(heard) < int(r.next-from) {
			t.Errorf("tls=%v: another listener was disturbed: heard %d of %d, %+v", secure, len(heard), r.next-from, s)
		}
	}
}

// sips reads a few bytes at a time, and slowly.
type sips struct{ net.Conn }

func (s sips) Read(b []byte) (int, error) {
	<-time.After(15 * time.Millisecond)
	return s.Conn.Read(b[:min(len(b), 700)])
}

func TestASlowReaderGetsEveryByteInOrder(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls=%v", secure), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.tiny = true
			r.speak(100)
			var d *door
			dialer := &websocket.Dialer{}
			if secure {
				d = r.secureEdge(nil)
				dialer = r.dialer()
			} else {
				d = r.edge(nil)
			}
			dialer.NetDialContext = narrow(8<<10, func(conn net.Conn) net.Conn { return sips{conn} })
			from := r.next - 100
			l := r.listen(func(c *listener.Config) { c.Dialer, c.From = dialer, uint64(from) }, d)
			heard, _ := r.hear(l, r.next-1)
			if len(heard) != 100 || l.Stats().Connections != 1 {
				t.Errorf("heard %d, %+v", len(heard), l.Stats())
			}
			var m dto.Metric
			if err := d.metrics.partial.Write(&m); err != nil || m.GetCounter().GetValue() == 0 {
				t.Error("no write was ever cut short, so nothing was tested")
			}
		})
	}
}

// cutter is a proxy that lets so many bytes of its first answer through, and all of the others'.
type cutter struct {
	net.Listener
	target string
	after  int64
	work   sync.WaitGroup
}

func (c *cutter) run() {
	for first := true; ; first = false {
		conn, err := c.Accept()
		if err != nil {
			return
		}
		limit := int64(1 << 40)
		if first {
			limit = c.after
		}
		c.work.Go(func() { c.carry(conn, limit) })
	}
}

func (c *cutter) carry(conn net.Conn, limit int64) {
	defer conn.Close()
	up, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer up.Close()
	c.work.Go(func() { _, _ = io.Copy(up, conn); up.Close() })
	_, _ = io.CopyN(conn, up, limit)
}

func TestACutAtAnyByteLosesNothing(t *testing.T) {
	r := newRig(t)
	r.speak(20)
	d := r.edge(nil)
	from := r.next - 8
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for after := int64(150); after < 8500; after += 61 {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Error(err)
				return
			}
			c := &cutter{Listener: tcp, target: strings.TrimPrefix(d.url, "http://"), after: after}
			c.work.Go(c.run)
			defer c.work.Wait()
			defer tcp.Close()
			l, err := listener.Open(within(t), listener.Config{
				URLs: []string{"http://" + tcp.Addr().String()}, Room: r.room, Grant: r.grant(nil), From: uint64(from),
			})
			if err != nil {
				t.Errorf("cut after %d: %v", after, err)
				return
			}
			defer l.Close()
			for n := from; n < r.next; {
				item, err := l.Next(within(t))
				if err != nil {
					t.Errorf("cut after %d: %v", after, err)
					return
				}
				if item.Batch == nil {
					continue
				}
				if got := audio.Number(item.Batch.GetNumber()); got != n || string(item.Batch.Encoded) != string(r.ledger[n]) {
					t.Errorf("cut after %d: heard %d, want %d", after, got, n)
					return
				}
				n++
			}
			if s := l.Stats(); s.Repeats+s.Lost+s.Holes+s.Corrupt > 0 {
				t.Errorf("cut after %d: %+v", after, s)
			}
		})
	}
	all.Wait()
}

func TestAGrantThatNeverComesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	url := "ws" + strings.TrimPrefix(d.url, "http") + "/v1/rooms/" + string(r.room) + "/listen"
	for _, protocols := range [][]string{{Subprotocol}, {"chat"}, nil} {
		conn, _, err := (&websocket.Dialer{Subprotocols: protocols}).DialContext(within(t), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		want := 4400
		if len(protocols) > 0 && protocols[0] == Subprotocol {
			want = 4401
		}
		if got := closedWith(t, conn); got != want {
			t.Errorf("offering %v: closed with %d", protocols, got)
		}
	}
}

func TestAnExpiredGrantEndsTheConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.speak(5)
	d := r.edge(nil)
	short := r.grant(func(g *token.Grant) { g.Expires = time.Now().Add(2 * time.Second) })
	var renewed atomic.Int32
	l := r.listen(func(c *listener.Config) {
		c.Grant = short
		c.Renew = func(context.Context) (listener.Grant, error) {
			renewed.Add(1)
			return listener.Grant{Token: r.grant(nil)}, nil
		}
	}, d)
	r.hear(l, r.next-1)
	testkit.Eventually(t, time.Minute, func() error {
		r.speak(1)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, _ = l.Next(ctx)
		if d.closes(ReasonExpired) == 0 {
			return errors.New("still open")
		}
		return nil
	})
	r.speak(1) // what came before may have been heard before the close; this comes over another connection
	r.hear(l, r.next-1)
	if n := renewed.Load(); n != 1 {
		t.Errorf("renewed %d times", n)
	}
}

func TestOrdinaryRequestsAreAnswered(t *testing.T) {
	r := newRig(t)
	for _, d := range []*door{r.edge(nil), r.secureEdge(nil)} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: r.dialer().TLSClientConfig}}
		answer, err := client.Get(d.url + "/v1/rooms/" + string(r.room) + "/listen")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("status %d", answer.StatusCode)
		}
		client.CloseIdleConnections()
	}
}
