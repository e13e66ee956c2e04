package room

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gorilla/websocket"

	"rostrum/client/stage"
)

// gateway is one that knows every guest it made, and answers by the contract.
type gateway struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	guests   int
	tokens   map[string]string // access token: name
	refresh  map[string]string // refresh token: name
	asked    []string          // "name METHOD path body"
	refuses  string            // a code: commands are refused with it
	status   int
	stages   []string // answers of GET stage, the last again and again
	messages []string // of the events socket
	code     int      // then it is closed
	reason   string
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{t: t, tokens: map[string]string{}, refresh: map[string]string{}, stages: []string{moderated}}
	server := httptest.NewServer(g)
	g.url = server.URL
	t.Cleanup(server.Close)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("USER", "Ada")
	return g
}

const seats = `[{"seat":1,"user":"` + harbour + `","name":"Harbour","role":"host","muted":false,"held":false,"away":false},` +
	`{"seat":2,"user":"` + beacon + `","name":"Beacon","role":"speaker","muted":false,"held":false,"away":false},` +
	`{"seat":3,"user":"` + ada + `","name":"Beata","role":"speaker","muted":false,"held":false,"away":false}]`

const stageJSON = `"state":"live","title":"Tides","host":"` + harbour + `","moderators":[],"hand_mode":"open","open_stage":false,"max_seats":20,` +
	`"hand_count":2,"enforced":null,"seats":` + seats

const moderated = `{"position":{"term":1,"offset":4},"stage":{"view":"moderator",` + stageJSON + `,"hands":[` +
	`{"user":"` + noor + `","name":"Noor","note":"","order":3,"raised_at":"2026-03-01T12:00:00Z","absent":false},` +
	`{"user":"` + lin + `","name":"Harbour","note":"","order":4,"raised_at":"2026-03-01T12:00:00Z","absent":false}],` +
	`"invites":[],"removed":[]},"you":{"role":"host","seat":1,"place":0,"invite":null}}`

const unmoderated = `{"position":{"term":1,"offset":4},"stage":{"view":"person",` + stageJSON + `},"you":{"role":"listener","seat":0,"place":0,"invite":null}}`

const liveRoom = `{"id":"` + roomID + `","title":"Tides","state":"live","host":{"id":"` + harbour + `","name":"Harbour"},"speakers":` + seats + `}`

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		g.events(w, r)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/v1")
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	name := g.tokens[token]
	if path != "/guests" && path != "/token/refresh" {
		g.asked = append(g.asked, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", name, r.Method, strings.ReplaceAll(path, roomID, "R"), raw)))
	}
	var in struct {
		Name    string `json:"name"`
		Refresh string `json:"refresh_token"`
	}
	_ = json.Unmarshal(raw, &in)
	switch {
	case path == "/guests":
		g.welcome(w, in.Name)
	case path == "/token/refresh" && g.refresh[in.Refresh] != "":
		g.welcome(w, g.refresh[in.Refresh])
	case path == "/token/refresh" || token != "" && name == "":
		g.refuse(w, 401, "unauthenticated")
	case g.refuses != "":
		g.refuse(w, g.status, g.refuses)
	case strings.HasSuffix(path, "/stage"):
		io.WriteString(w, g.stages[0])
		if len(g.stages) > 1 {
			g.stages = g.stages[1:]
		}
	case path == "/rooms" && r.Method == http.MethodGet:
		io.WriteString(w, `{"rooms":[`+liveRoom+`],"next_cursor":""}`)
	case path == "/rooms", strings.HasSuffix(path, "/start"), strings.HasSuffix(path, "/end"), path == "/rooms/"+roomID:
		io.WriteString(w, liveRoom)
	case strings.HasSuffix(path, "/grants"):
		io.WriteString(w, `{"you":{"role":"speaker","seat":3,"place":0,"invite":null},"whip_url":"http://x/whip","speak_grant":"secret"}`)
	default:
		io.WriteString(w, `{"position":{"term":1,"offset":5},"place":2,"of":3,"seats":`+seats+`}`)
	}
}

func (g *gateway) welcome(w http.ResponseWriter, name string) {
	g.guests++
	access, refresh := fmt.Sprintf("a%d", g.guests), fmt.Sprintf("r%d", g.guests)
	g.tokens[access], g.refresh[refresh] = name, name
	json.NewEncoder(w).Encode(map[string]any{
		"user": map[string]any{"id": ada, "name": name, "guest": true}, "access_token": access, "expires_at": time.Now().Add(time.Hour),
		"refresh_token": refresh, "refresh_expires_at": time.Now().Add(24 * time.Hour),
	})
}

func (g *gateway) refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":"it cannot be"}}`, code)
}

func (g *gateway) events(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"rostrum.events.v1"}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	g.mu.Lock()
	messages, code, reason := g.messages, g.code, g.reason
	g.asked = append(g.asked, g.tokens[websocket.Subprotocols(r)[1]]+" events")
	g.mu.Unlock()
	for _, m := range messages {
		conn.WriteMessage(websocket.TextMessage, []byte(m))
	}
	if code != 0 {
		conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Minute))
	}
	_, _, _ = conn.ReadMessage()
}

// forget makes the gateway one that was started anew.
func (g *gateway) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.tokens)
	clear(g.refresh)
}

// says runs a command line and answers what it says and what was asked of the gateway.
func (g *gateway) says(line ...string) (out, remarks string, asked []string, err error) {
	g.t.Helper()
	g.mu.Lock()
	g.asked = nil
	g.mu.Unlock()
	var told, noted strings.Builder
	verbs := Verbs{Out: &told, Err: &noted}
	parser, err := kong.New(&verbs, kong.Name("room"), kong.Exit(func(int) { g.t.Error("kong ends the process") }))
	if err != nil {
		g.t.Fatal(err)
	}
	parsed, err := parser.Parse(append([]string{"--url", g.url}, line...))
	if err != nil {
		return "", "", nil, err
	}
	parsed.BindTo(g.t.Context(), (*contextOf)(nil))
	err = parsed.Run()
	g.mu.Lock()
	defer g.mu.Unlock()
	return told.String(), noted.String(), g.asked, err
}

// followed answers a function that answers the stage of a follower after one more message, the snapshot first.
func followed(t *testing.T, messages ...string) func() stage.Stage {
	t.Helper()
	step := make(chan string, len(messages))
	g := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"rostrum.events.v1"}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","version":1,"user":"`+ada+`","resumed":false}`))
		conn.WriteMessage(websocket.TextMessage, []byte(snapshot))
		for m := range step {
			conn.WriteMessage(websocket.TextMessage, []byte(m))
		}
		_, _, _ = conn.ReadMessage()
	}))
	t.Cleanup(g.Close)
	f, err := stage.Follow(t.Context(), stage.Config{URL: g.URL, Room: roomID, Token: func(contextOf, string) (string, error) { return "t", nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	t.Cleanup(func() { close(step) })
	first := true
	return func() stage.Stage {
		if !first {
			step <- messages[0]
			messages = messages[1:]
		}
		first = false
		if _, err := f.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		return f.Stage()
	}
}

const snapshot = `{"type":"snapshot","position":{"term":1,"offset":4},"stage":{"view":"moderator",` + stageJSON +
	`,"hands":[],"invites":[],"removed":[]},"you":{"role":"moderator","seat":3,"place":0,"invite":null}}`
