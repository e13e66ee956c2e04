package origin

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rostrum/client/speaker"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	mediav1 "rostrum/proto/rostrum/media/v1"
)

// hall is a room at home on a host, its stage written by a test, behind a WHIP front. The token is the user's id.
type hall struct {
	t      testing.TB
	log    *fakeLog
	host   *Host
	server *Server
	room   id.Room
	http   *httptest.Server
	items  chan *listenerstatev1.WatchResponse // nil: the watch is lost
	heal   chan struct{}                       // lets a lost one begin again

	mu     sync.Mutex
	offset uint64
	names  map[string]string // of users and sessions
}

func newHall(t testing.TB, seats ...*listenv1.Seat) *hall {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		t.Cleanup(func() {
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			testkit.Eventually(t, time.Minute, func() error { return goleak.Find() })
		})
	}
	a := &hall{
		t: t, room: id.NewRoom(), offset: 1, names: map[string]string{},
		items: make(chan *listenerstatev1.WatchResponse, 64), heal: make(chan struct{}, 1),
	}
	a.log = &fakeLog{watch: func(n int, stream watchStream) error {
		if n == 1 {
			if err := stream.Send(snapshotOf(1, seats...)); err != nil {
				return err
			}
		}
		return a.watch(n, stream)
	}}
	a.host = newHost(t, a.log, &fakeNodes{})
	a.server = NewServer(a.host)
	a.http = httptest.NewServer(a)
	t.Cleanup(a.http.Close)
	_, err := a.host.Open(context.Background(), id.Main, a.room)
	must(t, err)
	return a
}

func (a *hall) watch(n int, stream watchStream) error {
	if n > 1 {
		select {
		case <-a.heal:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
	newest := &listenv1.Position{Term: 1, Offset: 1}
	if n > 1 {
		a.log.mu.Lock()
		newest = a.log.watched[n-1].GetFrom()
		a.log.mu.Unlock()
	}
	quiet := time.NewTicker(time.Second)
	defer quiet.Stop()
	for { // as a log does: a watch that says nothing is left
		select {
		case item := <-a.items:
			if item == nil {
				return fault.New(fault.CodeUnavailable, "away")
			}
			if at := item.GetEvent().GetEvent().GetPosition(); at != nil {
				newest = at
			}
			if err := stream.Send(item); err != nil {
				return err
			}
		case <-quiet.C:
			still := &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Still{Still: newest}}
			if err := stream.Send(still); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// happen makes an event the newest of the log and answers its offset.
func (a *hall) happen(payload func(*listenerstatev1.Event)) uint64 {
	a.mu.Lock()
	a.offset++
	e := &listenerstatev1.Event{Position: &listenv1.Position{Term: 1, Offset: a.offset}}
	a.mu.Unlock()
	payload(e)
	a.items <- eventOf(e)
	return e.Position.Offset
}

// seat seats a new person and answers the id.
func (a *hall) seat(name string, seat uint32) id.User {
	user := id.NewUser()
	a.mu.Lock()
	a.names[string(user)] = name
	a.mu.Unlock()
	a.happen(func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Seated{Seated: &listenerstatev1.Seated{
			User: string(user), Seat: seat, Role: listenv1.Role_ROLE_SPEAKER,
		}}
	})
	return user
}

func (a *hall) mute(user id.User, seat uint32, muted bool) uint64 {
	return a.happen(func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Unmuted{Unmuted: &listenerstatev1.Unmuted{User: string(user), Seat: seat}}
		if muted {
			e.Payload = &listenerstatev1.Event_Muted{Muted: &listenerstatev1.Muted{User: string(user), Seat: seat}}
		}
	})
}

// reported waits until a position is reported as enforced, and answers when it was.
func (a *hall) reported(offset uint64) time.Time {
	a.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		a.log.mu.Lock()
		at := slices.IndexFunc(a.log.enforced, func(r enforcedReport) bool { return r.position.Offset >= offset })
		if at >= 0 {
			defer a.log.mu.Unlock()
			return a.log.enforced[at].at
		}
		a.log.mu.Unlock()
		<-time.After(time.Millisecond)
	}
	a.t.Fatalf("offset %d is not reported", offset)
	return time.Time{}
}

func (a *hall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	session := strings.TrimPrefix(r.URL.Path, "/whip/")
	body, _ := io.ReadAll(r.Body)
	app, room := string(id.Main), string(a.room)
	switch r.Method {
	case http.MethodPost:
		answer, err := a.server.Offer(r.Context(), &mediav1.OfferRequest{App: app, Room: room, User: user, Offer: string(body)})
		if err != nil {
			fault.WriteHTTP(w, err)
			return
		}
		a.mu.Lock()
		a.names[answer.GetSession()] = a.names[user] + "'s"
		a.mu.Unlock()
		w.Header().Set("Location", "/whip/"+answer.GetSession())
		w.Header().Set("ETag", answer.GetEtag())
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer.GetAnswer())
	case http.MethodDelete:
		_, err := a.server.Close(r.Context(), &mediav1.CloseRequest{App: app, Room: room, User: user, Session: session})
		if err != nil {
			fault.WriteHTTP(w, err)
		}
	}
}

// said is what was reported of microphones.
func (a *hall) said() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.said(a.names)
}

func (a *hall) join(user id.User, slots int, heard func(speaker.Packet)) *speaker.Speaker {
	a.t.Helper()
	p, err := speaker.Join(context.Background(), speaker.Config{
		URL: a.http.URL + "/whip", Token: string(user), Slots: slots, Heard: heard, Silence: 20 * time.Second,
	})
	must(a.t, err)
	a.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

// voice is a client that goes on sending, whatever it is told, and one who writes down what comes of it.
type voice struct {
	mu    sync.Mutex
	sent  []time.Time
	heard []heardWord
}

type heardWord struct {
	number int
	at     time.Time
}

// talk sends a numbered packet every 5 ms until the test is over.
func (v *voice) talk(t testing.TB, p *speaker.Speaker) {
	ctx, cancel := context.WithCancel(context.Background())
	var talking sync.WaitGroup
	talking.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			v.mu.Lock()
			opus := binary.BigEndian.AppendUint32([]byte{0xf8}, uint32(len(v.sent)))
			v.sent = append(v.sent, time.Now())
			v.mu.Unlock()
			_ = p.WriteOpus(opus, 20*time.Millisecond) // fails once the session is over
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); talking.Wait() })
}

func (v *voice) hear(p speaker.Packet) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heard = append(v.heard, heardWord{int(binary.BigEndian.Uint32(p.Opus[1:])), time.Now()})
}

// count is how many packets were heard.
func (v *voice) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.heard)
}

// last is when the newest packet was heard, and when it was sent.
func (v *voice) last() (heard, sent time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.heard) == 0 {
		return time.Time{}, time.Time{}
	}
	w := v.heard[len(v.heard)-1]
	return w.at, v.sent[w.number]
}
