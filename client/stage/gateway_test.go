package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/api"
	"rostrum/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	room  = "rm_0123456789abcdefghjk"
	ada   = "us_0123456789abcdefghja"
	grace = "us_0123456789abcdefghjg"
	noor  = "us_0123456789abcdefghjn"
)

// script is what a gateway sends over one connection: messages, then a close code or, without one, silence. Commands are
// answered by answers in turn; without one they are not.
type script struct {
	status   int  // instead of an upgrade
	waits    bool // for the client's first message
	messages []string
	answers  []string // %s becomes the id
	code     int
	text     string
}

// gateway plays one script after the other and notes what it was asked.
type gateway struct {
	t   *testing.T
	url string

	mu      sync.Mutex
	scripts []script
	asked   []string // "from token"
	heard   []string // what clients sent
}

func newGateway(t *testing.T, scripts ...script) *gateway {
	g := &gateway{t: t, scripts: scripts}
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	g.url = server.URL
	t.Cleanup(server.Close)
	return g
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	offered := websocket.Subprotocols(r)
	g.asked = append(g.asked, strings.TrimSpace(r.URL.Query().Get("from")+" "+strings.Join(offered[1:], "")))
	var now script
	if len(g.scripts) > 0 {
		now, g.scripts = g.scripts[0], g.scripts[1:]
	}
	g.mu.Unlock()
	if now.status != 0 {
		w.WriteHeader(now.status)
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	if now.waits {
		_, raw, _ := conn.ReadMessage()
		g.mu.Lock()
		g.heard = append(g.heard, string(raw))
		g.mu.Unlock()
	}
	for _, m := range now.messages {
		if conn.WriteMessage(websocket.TextMessage, []byte(m)) != nil {
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
		g.mu.Lock()
		g.heard = append(g.heard, string(raw))
		g.mu.Unlock()
		if len(now.answers) == 0 {
			continue
		}
		answer := now.answers[0]
		now.answers = now.answers[1:]
		if answer == "cut" {
			return
		}
		var command struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &command); err != nil {
			g.t.Error(err)
		}
		conn.WriteMessage(websocket.TextMessage, []byte(strings.ReplaceAll(answer, "%s", command.ID)))
	}
}

func (g *gateway) asks() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.asked, "|")
}

func (g *gateway) config() Config {
	return Config{URL: g.url, Room: room, Silence: time.Minute, Token: func(context.Context, string) (string, error) { return "t", nil }}
}

// follow opens a follower and answers after its first snapshot.
func (g *gateway) follow(change func(*Config)) *Follower {
	g.t.Helper()
	cfg := g.config()
	if change != nil {
		change(&cfg)
	}
	f, err := Follow(within(g.t), cfg)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(f.Close)
	return f
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

const hello, resumed = `{"type":"hello","version":1,"user":"` + ada + `","resumed":false,"heartbeat_ms":5000}`,
	`{"type":"hello","version":1,"user":"` + ada + `","resumed":true,"heartbeat_ms":5000}`

func position(term, offset int) string { return fmt.Sprintf(`{"term":%d,"offset":%d}`, term, offset) }

func snapshot(term, offset int) string {
	return `{"type":"snapshot","position":` + position(term, offset) + `,"stage":{"view":"moderator","state":"live","title":"Tides",` +
		`"host":"` + ada + `","moderators":[],"hand_mode":"open","open_stage":false,"max_seats":3,"hand_count":0,"enforced":null,` +
		`"seats":[{"seat":1,"user":"` + ada + `","name":"Ada","role":"host","muted":false,"held":false,"away":false}],` +
		`"hands":[],"invites":[],"removed":[]},"you":{"role":"host","seat":1,"place":0,"invite":null}}`
}

func event(term, offset int, rest string) string {
	return fmt.Sprintf(`{"type":"event","position":%s,"at":"2026-03-01T12:00:00Z","by":"%s",%s}`, position(term, offset), grace, rest)
}

func raised(offset int, user, name string) string {
	return event(1, offset, fmt.Sprintf(`"event":"hand_raised","user":%q,"name":%q,"note":"","order":%d,"raised_at":"2026-03-01T12:00:00Z"`, user, name, offset))
}

// told reads n items as text.
func told(t *testing.T, f *Follower, n int) (all []string) {
	t.Helper()
	for range n {
		item, err := f.Next(within(t))
		switch {
		case err != nil:
			t.Fatalf("after %v: %v, %+v", all, err, f.Stats())
		case item.Snapshot != nil:
			all = append(all, "snapshot "+item.Snapshot.Position.String())
		case item.Event != nil:
			all = append(all, string(item.Event.Kind)+" "+item.Event.Position.String())
		case item.Place != nil:
			all = append(all, fmt.Sprintf("place %d of %d", item.Place.Place, item.Place.Of))
		case item.Enforced != nil:
			all = append(all, "enforced "+item.Enforced.String())
		}
	}
	return all
}

func expect(t *testing.T, f *Follower, want ...string) {
	t.Helper()
	if got := told(t, f, len(want)); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("told %v, want %v; %+v", got, want, f.Stats())
	}
}

// at makes positions in tests.
func at(term, offset uint64) api.Position { return api.Position{Term: term, Offset: offset} }
