package stage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
)

const (
	cutEvents = 600
	cutKept   = 40 // events that the gateway can resume over
)

// cutter tells a log of raised and lowered hands, and cuts each connection after some messages at random. Now and then it
// keeps a client waiting until it can no longer resume.
type cutter struct {
	events []Event
	folds  []Stage // after so many events

	mu     sync.Mutex // held by the one connection
	random *rand.Rand
	told   int // events that have happened
	cuts   int
}

func newCutter(t *testing.T, seed uint64) *cutter {
	c := &cutter{random: rand.New(rand.NewPCG(seed, 1))}
	now := newFold(Stage{Stage: api.Stage{View: api.ModeratorView, Host: ada, State: "live", Position: at(1, 1), You: api.You{User: ada, Role: "host"}}})
	c.folds = append(c.folds, now.clone())
	for i := range cutEvents {
		e := Event{Position: at(1, uint64(2*i+3)), At: time.Unix(0, 0).UTC(), By: ada, Kind: HandRaised,
			User: fmt.Sprint("us_", c.random.IntN(20)), Order: uint64(2*i + 3), RaisedAt: time.Unix(int64(i), 0).UTC()}
		if now.PlaceOf(e.User) > 0 {
			e = Event{Position: e.Position, At: e.At, By: ada, Kind: HandLowered, User: e.User, Reason: "self"}
		}
		now.apply(e)
		c.events, c.folds = append(c.events, e), append(c.folds, now.clone())
	}
	return c
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	say := func(m any) bool { return conn.WriteJSON(m) == nil }
	if c.random.IntN(20) == 0 {
		c.told = min(cutEvents, c.told+2*cutKept) // while nobody listened
	}
	next := c.told
	from, err := api.ParsePosition(r.URL.Query().Get("from"))
	resumes := err == nil && int(from.Offset-1)/2 >= c.told-cutKept
	if resumes {
		next = int(from.Offset-1) / 2
	}
	say(map[string]any{"type": "hello", "version": 1, "user": ada, "resumed": resumes})
	if !resumes {
		say(map[string]any{"type": "snapshot", "position": c.folds[next].Position, "stage": c.folds[next], "you": c.folds[next].You})
	}
	for n := c.random.IntN(10); next < cutEvents && n > 0; n-- {
		if !say(c.events[next]) {
			return
		}
		next++
		c.told = max(c.told, next)
	}
	c.cuts++
	if next < cutEvents {
		return
	}
	_, _, _ = conn.ReadMessage()
}

func TestNothingIsMissedOrRepeatedOverCuts(t *testing.T) {
	c := newCutter(t, 7)
	server := httptest.NewServer(c)
	defer server.Close()
	g := &gateway{t: t, url: server.URL}
	f := g.follow(nil)
	var now fold
	snapshots, events := 0, 0
	for now.Position != at(1, 2*cutEvents+1) {
		item, err := f.Next(within(t))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case item.Snapshot != nil:
			snapshots++
			now = newFold(*item.Snapshot)
		case item.Event != nil:
			events++
			if item.Event.Position.Offset != now.Position.Offset+2 {
				t.Fatalf("after %v came %v", now.Position, item.Event.Position)
			}
			now.apply(*item.Event)
		}
		if want := c.folds[(now.Position.Offset-1)/2]; !same(now.Stage, want) {
			t.Fatalf("at %v: %+v, want %+v", now.Position, now.Stage, want)
		}
	}
	f.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := f.Stats(); s.Repeats != 0 || s.Corrupt != 0 || snapshots < 2 || c.cuts < 30 {
		t.Errorf("%d snapshots, %d events, %d cuts, %+v", snapshots, events, c.cuts, s)
	}
	t.Logf("%d cuts, %d events and %d snapshots told, 0 missed, 0 repeated", c.cuts, events, snapshots)
}

func same(a, b Stage) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return reflect.DeepEqual(x, y)
}

func FuzzParse(f *testing.F) {
	for _, m := range []string{hello, snapshot(1, 2), raised(3, noor, "Noor"), done, `{"type":"place","place":1,"of":2}`,
		`{"type":"still","position":{"term":1,"offset":2}}`, event(1, 2, `"event":"seated","seat":{"seat":2,"user":"x"}`)} {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parse(raw)
		if err != nil {
			return
		}
		now := newFold(Stage{Stage: api.Stage{View: api.ModeratorView}})
		if m.snapshot != nil {
			now = newFold(*m.snapshot)
		}
		if m.event != nil {
			now.apply(*m.event)
			if again, err := json.Marshal(m.event); err != nil {
				t.Errorf("%+v: %v", m.event, err)
			} else if _, err := parse(again); err != nil {
				t.Errorf("%s: %v", again, err)
			}
		}
	})
}
