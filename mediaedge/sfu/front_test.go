package sfu_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rostrum/client/speaker"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

// stage is a room behind a WHIP front, as gateway and signaling make one. The token is the user's id.
type stage struct {
	t      testing.TB
	sfu    *sfu.SFU
	room   *sfu.Room
	clock  audio.Clock
	ingest *ingest
	http   *httptest.Server
	way    atomic.Pointer[wireway] // nil: clients reach the SFU directly
	told   []sfu.News              // the newest of each seat
}

func newStage(t testing.TB, config sfu.Config) *stage {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		t.Cleanup(func() { noLeaks(t) })
	}
	config.Node, config.BindIPs, config.LoopbackCandidates = "test", []net.IP{net.IPv4(127, 0, 0, 1)}, true
	node, err := sfu.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, sfu: node, clock: audio.Clock{Anchor: time.Now(), Media: 1 << 33}, ingest: newIngest()}
	s.room = node.OpenRoom(s.clock, s.ingest, nil)
	s.http = httptest.NewServer(s)
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(s.http.Close)
	return s
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user := id.User(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	session := id.Session(strings.TrimPrefix(r.URL.Path, "/whip/"))
	raw, _ := io.ReadAll(r.Body)
	body, led := string(raw), func(answer string) string { return answer }
	if way := s.way.Load(); way != nil {
		body, led = way.hidden(body), way.led
	}
	switch r.Method {
	case http.MethodPost:
		session = s.sfu.NewSession()
		answer, tag, _, err := s.room.Join(r.Context(), session, user, body)
		if err != nil {
			fault.WriteHTTP(w, err)
			return
		}
		w.Header().Set("Location", "/whip/"+string(session))
		w.Header().Set("ETag", tag)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, led(answer))
	case http.MethodPatch:
		fragment, tag, err := s.room.Restart(r.Context(), session, user, r.Header.Get("If-Match"), body)
		if err != nil {
			fault.WriteHTTP(w, err)
			return
		}
		w.Header().Set("ETag", tag)
		_, _ = io.WriteString(w, led(fragment))
	case http.MethodDelete:
		if err := s.room.Leave(session, user); err != nil {
			fault.WriteHTTP(w, err)
		}
	}
}

// join seats a user and opens a session.
func (s *stage) join(seat audio.Seat, user id.User, slots int, heard func(speaker.Packet)) *speaker.Speaker {
	s.t.Helper()
	s.room.Allow(seat, user, false)
	return s.open(user, slots, heard)
}

func (s *stage) open(user id.User, slots int, heard func(speaker.Packet)) *speaker.Speaker {
	s.t.Helper()
	p, err := speaker.Join(s.t.Context(), speaker.Config{
		URL: s.http.URL + "/whip", Token: string(user), Slots: slots, Heard: heard, Silence: 20 * time.Second,
	})
	if err != nil {
		s.t.Fatalf("%s joins: %v", user, err)
	}
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

// talk sends 20 ms packets that begin with name until the test ends or stop is called.
func (s *stage) talk(p *speaker.Speaker, name byte) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var talking sync.WaitGroup
	talking.Go(func() {
		_ = p.Play(ctx, func(yield func([]byte) bool) {
			for n := 0; yield([]byte{name, byte(n >> 8), byte(n), 0, 0, 0, 0, 0, 0, 0}); n++ {
			}
		})
	})
	stop = sync.OnceFunc(func() { cancel(); talking.Wait() })
	s.t.Cleanup(stop)
	return stop
}

// ingest keeps what it gets.
type ingest struct {
	mu      sync.Mutex
	packets []sfu.Packet
	full    bool
}

func newIngest() *ingest { return &ingest{} }

func (i *ingest) Push(p sfu.Packet) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.full {
		return false
	}
	i.packets = append(i.packets, p)
	return true
}

func (i *ingest) from(seat audio.Seat) []sfu.Packet {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []sfu.Packet
	for _, p := range i.packets {
		if p.Seat == seat {
			out = append(out, p)
		}
	}
	return out
}

// ears keeps what a speaker hears.
type ears struct {
	mu      sync.Mutex
	packets []speaker.Packet
	when    []time.Time
}

func (e *ears) hear(p speaker.Packet) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.Opus = append([]byte(nil), p.Opus...)
	e.packets = append(e.packets, p)
	e.when = append(e.when, time.Now())
}

func (e *ears) all() []speaker.Packet {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]speaker.Packet(nil), e.packets...)
}

// count answers how many packets of a seat were heard; seat 0 is all of them.
func (e *ears) count(seat uint8) int {
	n := 0
	for _, p := range e.all() {
		if seat == 0 || p.Seat == seat {
			n++
		}
	}
	return n
}

// eventually waits until check answers "".
func eventually(t testing.TB, check func() string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if missing := check(); missing != "" {
			return errors.New(missing)
		}
		return nil
	})
}

func noLeaks(t *testing.T) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	testkit.Eventually(t, time.Minute, func() error { return goleak.Find() })
}
