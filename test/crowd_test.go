package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
)

const eventsProtocol = "rostrum.events.v1"

// crowd are many events sockets whose messages are kept as they came. A message that several get is kept once.
type crowd struct {
	seed  maphash.Seed
	texts sync.Map // of uint64, to []byte
}

func newCrowd() *crowd { return &crowd{seed: maphash.MakeSeed()} }

// watcher is one events socket of a crowd.
type watcher struct {
	conn *websocket.Conn
	done chan struct{}

	mu       sync.Mutex
	messages []message
	ended    error
}

// message is what a watcher got, and when.
type message struct {
	text uint64 // in the crowd
	at   time.Time
}

// watch opens an events socket and answers when it has the snapshot.
func (c *crowd) watch(t testing.TB, url, room, token string) *watcher {
	t.Helper()
	w := &watcher{conn: dialEvents(t, url, room, "", token), done: make(chan struct{})}
	go w.read(c)
	t.Cleanup(func() {
		w.conn.Close()
		<-w.done
	})
	testkit.Eventually(t, patience, func() error {
		if n, err := w.count(); n < 2 {
			return fmt.Errorf("a watcher got %d messages; ended: %v", n, err)
		}
		return nil
	})
	return w
}

// dialEvents opens an events socket.
func dialEvents(t testing.TB, url, room, query, token string) *websocket.Conn {
	t.Helper()
	dialer := &websocket.Dialer{Subprotocols: []string{eventsProtocol, token}, HandshakeTimeout: patience}
	conn, _, err := dialer.DialContext(bounded(t), "ws"+url[len("http"):]+inRoom(room, "/events")+query, nil)
	must(t, err)
	return conn
}

func (w *watcher) read(c *crowd) {
	defer close(w.done)
	var buffer bytes.Buffer
	for {
		buffer.Reset()
		_, reader, err := w.conn.NextReader()
		if err == nil {
			_, err = buffer.ReadFrom(reader)
		}
		text := c.keep(buffer.Bytes())
		w.mu.Lock()
		if err != nil {
			w.ended = err
			w.mu.Unlock()
			return
		}
		w.messages = append(w.messages, message{text, time.Now()})
		w.mu.Unlock()
	}
}

func (c *crowd) keep(text []byte) uint64 {
	hash := maphash.Bytes(c.seed, text)
	if _, known := c.texts.Load(hash); !known {
		c.texts.Store(hash, bytes.Clone(text))
	}
	return hash
}

func (w *watcher) count() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.messages), w.ended
}

// events reads all that was kept; what is no event is left out.
func (c *crowd) events(t testing.TB) map[uint64]stage.Event {
	t.Helper()
	out := map[uint64]stage.Event{}
	c.texts.Range(func(hash, text any) bool {
		var head struct{ Type string }
		must(t, json.Unmarshal(text.([]byte), &head))
		if head.Type == "event" {
			var e stage.Event
			must(t, json.Unmarshal(text.([]byte), &e))
			out[hash.(uint64)] = e
		}
		return true
	})
	return out
}

// heard are the events that a watcher got after a position, with the times.
func (w *watcher) heard(events map[uint64]stage.Event, after api.Position) []told[stage.Event] {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []told[stage.Event]
	for _, m := range w.messages {
		if e, found := events[m.text]; found && e.Position.After(after) {
			out = append(out, told[stage.Event]{e, m.at})
		}
	}
	return out
}
