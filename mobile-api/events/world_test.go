package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
)

const (
	theRoom id.Room = "rm_0123456789abcdefghjk"
	ada             = "us_adaadaadaadaadaadaad" // the host
	mod             = "us_m0dm0dm0dm0dm0dm0dm0" // a moderator
	noor            = "us_n00rn00rn00rn00rn00r"
	cem             = "us_cemcemcemcemcemcemce"
	long            = time.Minute      // for what comes, however slow the machine is
	never           = 30 * time.Minute // for what must not come
)

func TestMain(m *testing.M) {
	testkit.Main(m, http.DefaultClient.CloseIdleConnections)
}

// quick is a pace for tests: what is done again and again is done often, and nothing ends for want of time. A test that
// waits for an end shortens that one.
func quick() pace {
	p := defaultPace()
	p.tick, p.commit = 50*time.Millisecond, 20*time.Millisecond
	p.start, p.write, p.wait, p.apply, p.grace = long, long, long, long, long
	p.silence, p.still, p.idle, p.linger = never, never, never, never
	return p
}

// world is sockets behind a real server.
type world struct {
	t        testing.TB
	log      *fakeLog
	sockets  *Sockets
	server   *httptest.Server
	registry *prometheus.Registry

	mu    sync.Mutex
	state error // why the log does not know a room
}

func newWorld(t testing.TB, p pace, log *fakeLog, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, log: log, registry: prometheus.NewRegistry()}
	c := Config{
		Stage: log, Authorise: authorise, Metrics: w.registry,
		Name: func(_ context.Context, user id.User) (string, error) {
			if user == cem {
				return "", fault.New(fault.CodeNotFound, "nobody has this id")
			}
			return "Name of " + string(user), nil
		},
		RoomState: func(context.Context, id.Room) error { w.mu.Lock(); defer w.mu.Unlock(); return w.state },
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.sockets, err = newSockets(c, p); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/rooms/{room}/events", func(to http.ResponseWriter, r *http.Request) {
		w.sockets.ServeRoom(to, r, id.Room(r.PathValue("room")))
	})
	w.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		if err := w.sockets.Close(); err != nil {
			t.Error(err)
		}
		w.server.Close()
	})
	return w
}

// authorise knows tokens "token-<user>", which never expire.
func authorise(token string) (intent.Person, time.Time, error) {
	if token == "old" {
		return intent.Person{}, time.Time{}, fault.New(fault.CodeExpired, "get another")
	}
	user, found := strings.CutPrefix(token, "token-")
	if !found {
		return intent.Person{}, time.Time{}, fault.New(fault.CodeUnauthenticated, "this is not a valid access token")
	}
	return intent.Person{User: id.User(user), Name: "Name of " + user}, time.Time{}, nil
}

// counted answers a counter or gauge with a label value, or the first label-free one.
func (w *world) counted(name, label string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == label {
				return value(m)
			}
		}
	}
	return 0
}

func value(m *dto.Metric) float64 {
	if m.Gauge != nil {
		return m.Gauge.GetValue()
	}
	return m.Counter.GetValue()
}

// await waits until a metric has at least a value.
func (w *world) await(name, label string, least float64) {
	w.t.Helper()
	testkit.Eventually(w.t, long, func() error {
		if got := w.counted(name, label); got < least {
			return fmt.Errorf("%s %s is %v, want %v", name, label, got, least)
		}
		return nil
	})
}

// client is one events socket as a client has it.
type client struct {
	*websocket.Conn
	t testing.TB
}

func (w *world) address(from string) string {
	to := "ws" + strings.TrimPrefix(w.server.URL, "http") + "/v1/rooms/" + string(theRoom) + "/events"
	if from != "" {
		to += "?from=" + from
	}
	return to
}

// dial opens a socket of a person, from a position or "".
func (w *world) dial(user, from string) *client {
	w.t.Helper()
	return w.dialAs(from, Subprotocol, "token-"+user)
}

func (w *world) dialAs(from string, protocols ...string) *client {
	w.t.Helper()
	dialer := websocket.Dialer{Subprotocols: protocols, HandshakeTimeout: long}
	ws, _, err := dialer.Dial(w.address(from), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { ws.Close() })
	return &client{ws, w.t}
}

// open opens a socket and takes its hello and snapshot.
func (w *world) open(user string) (*client, said) {
	w.t.Helper()
	c := w.dial(user, "")
	if hello := c.next(); hello.Type != "hello" || hello.Resumed || hello.User != user || hello.Version != 1 {
		w.t.Fatalf("said %s first", hello.text)
	}
	snapshot := c.next()
	if snapshot.Type != "snapshot" {
		w.t.Fatalf("said %s second", snapshot.text)
	}
	return c, snapshot
}

// said is any message of the server.
type said struct {
	Type      string        `json:"type"`
	Version   int           `json:"version"`
	User      string        `json:"user"`
	Resumed   bool          `json:"resumed"`
	Heartbeat int64         `json:"heartbeat_ms"`
	Position  view.Position `json:"position"`
	Event     string        `json:"event"`
	By        string        `json:"by"`
	Stage     view.Stage    `json:"stage"`
	You       view.You      `json:"you"`
	Place     int           `json:"place"`
	Of        int           `json:"of"`
	ID        string        `json:"id"`
	Error     *struct {
		Code fault.Code `json:"code"`
	} `json:"error"`

	text string
}

// readSaid reads a message; of fields whose form depends on the type only those of this form.
func readSaid(text []byte) (said, error) {
	var s said
	err := json.Unmarshal(text, &s)
	var field *json.UnmarshalTypeError
	if errors.As(err, &field) {
		err = nil
	}
	s.text = string(text)
	return s, err
}

func (c *client) next() said {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(long))
	_, text, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("waiting for a message: %v", err)
	}
	s, err := readSaid(text)
	if err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
	return s
}

// nextOf skips to the next message of a type, and answers it and what was skipped.
func (c *client) nextOf(kind string) said {
	c.t.Helper()
	for {
		if s := c.next(); s.Type == kind {
			return s
		}
	}
}

// nextEvent skips to the next event of a kind.
func (c *client) nextEvent(kind kind) said {
	c.t.Helper()
	for {
		if s := c.nextOf("event"); s.Event == string(kind) {
			return s
		}
	}
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// closed reads to the end, leaves, and answers the close frame; code 0: there was none.
func (c *client) closed() (code int, reason string) {
	c.t.Helper()
	defer c.Close()
	for {
		_ = c.SetReadDeadline(time.Now().Add(long))
		_, _, err := c.ReadMessage()
		var told *websocket.CloseError
		if errors.As(err, &told) && told.Code != websocket.CloseAbnormalClosure {
			return told.Code, told.Text
		}
		if err != nil {
			return 0, err.Error()
		}
	}
}

// refusal answers the close frame of a socket to which nothing is said before; code 0: something was.
func (c *client) refusal() (code int, reason string) {
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(long))
	_, text, err := c.ReadMessage()
	var told *websocket.CloseError
	if errors.As(err, &told) {
		return told.Code, told.Text
	}
	return 0, fmt.Sprintf("%s, %v", text, err)
}

// wantClosed wants a close code, and a reason that begins with a fault's code.
func (c *client) wantClosed(code int, fault string) {
	c.t.Helper()
	if got, reason := c.closed(); got != code || !strings.HasPrefix(reason, fault) {
		c.t.Errorf("closed with %d %q, want %d %s", got, reason, code, fault)
	}
}
