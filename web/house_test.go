package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const listenPath = "/v1/rooms/{room}/listen"

// house is a stand-in for a whole Rostrum behind one address: the page, the API and an edge whose program is two clips
// in turn. What batch n holds depends on n alone, as on any edge.
type house struct {
	*httptest.Server
	words []word
	rooms []map[string]any

	mu        sync.Mutex
	open      bool            // the stage is
	mode      string          // of hands
	moderator bool            // whether the person at the browser is one
	raised    bool            // their hand is up
	invited   bool            // they are
	lagging   bool            // nothing is told to be enforced
	hands     []hand          // of others
	invites   []invite        // of others
	gateway   *websocket.Conn // their events socket
	dials     []string        // where each of them began

	seats  []seat
	log    uint64 // offset of the newest stage event
	conns  map[*websocket.Conn]bool
	holes  map[uint64]bool  // numbers that are told as gaps
	move   move             // to another home
	joins  int              // listeners' connections so far
	events map[uint64]event // by the number of their batch
	acks   int
	wg     sync.WaitGroup
	done   chan struct{}
}

const (
	tides  = "rm_0123456789abcdefghj0"
	garden = "rm_0123456789abcdefghj1"
	long   = "rm_0123456789abcdefghj2"
)

func newHouse(t *testing.T) *house {
	nora, felix := seat{1, user(1), "Nora Lind", "host", false, false, false}, seat{2, user(2), "Felix Okafor", "speaker", false, false, false}
	h := &house{
		words: talk(t), open: true, mode: "open", seats: []seat{nora, felix}, log: 3,
		conns: map[*websocket.Conn]bool{}, holes: map[uint64]bool{}, events: map[uint64]event{}, done: make(chan struct{}),
	}
	h.rooms = []map[string]any{
		h.room(tides, "Tides, lamps and late ships", nora, []seat{nora, felix}),
		h.room(garden, "What grows on a north-facing balcony", seat{1, user(3), "Mai", "host", false, false, false},
			[]seat{{1, user(3), "Mai", "host", false, false, false}, {2, user(4), "Tomás", "speaker", true, false, false}, {3, user(5), "Ines Falk", "speaker", false, false, false}, {4, user(6), "Bo", "speaker", false, false, false}}),
		h.room(long, "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen and other words that do not break", seat{1, user(7), strings.Repeat("Wolfeschlegelsteinhausen", 2)[:40], "host", false, false, false},
			[]seat{{1, user(7), strings.Repeat("Wolfeschlegelsteinhausen", 2)[:40], "host", false, false, false}}),
	}
	h.Server = httptest.NewServer(h.routes())
	t.Cleanup(func() {
		close(h.done)
		h.hangUp()
		h.moderation("tear")
		h.Server.Close()
		h.wg.Wait()
	})
	return h
}

func user(n byte) string { return "us_0123456789abcdefghj" + string('0'+rune(n)) }

func (h *house) room(id, title string, host seat, speakers []seat) map[string]any {
	return map[string]any{
		"id": id, "title": title, "description": "", "language": "en", "time_zone": "", "state": "live",
		"host": map[string]any{"id": host.User, "name": host.Name}, "open_stage": true, "open_listening": true,
		"max_seats": 20, "allowed_speakers": []string{}, "speakers": speakers,
		"created_at": "2026-03-01T12:00:00Z", "scheduled_for": nil, "started_at": nil, "ended_at": nil,
	}
}

func (h *house) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", Handler())
	mux.HandleFunc("POST /v1/guests", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		json.NewDecoder(r.Body).Decode(&in)
		answer(w, map[string]any{
			"user":         map[string]any{"id": user(9), "name": in.Name, "guest": true},
			"access_token": "token", "expires_at": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339),
		})
	})
	mux.HandleFunc("GET /v1/rooms", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"rooms": h.rooms, "next_cursor": ""})
	})
	mux.HandleFunc("GET /v1/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
		for _, room := range h.rooms {
			if room["id"] == r.PathValue("room") {
				answer(w, room)
				return
			}
		}
		refuse(w, http.StatusNotFound, "not_found")
	})
	mux.HandleFunc("POST /v1/rooms/{room}/join", h.join)
	mux.HandleFunc("POST /v1/rooms/{room}/stage/me/{command}", h.command)
	mux.HandleFunc("GET /v1/rooms/{room}/events", h.eventsSocket)
	mux.HandleFunc("GET "+listenPath, h.listen)
	mux.HandleFunc("GET /v1/rooms/{room}/{grant}/listen.ogg", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, clips, "testdata/a.ogg")
	})
	mux.HandleFunc("POST /test/{fault}", h.fault)
	mux.HandleFunc("GET /test/acknowledged", func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		answer(w, h.acks)
	})
	mux.HandleFunc("GET /test/joins", func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		answer(w, h.joins)
	})
	mux.HandleFunc("GET /test/dials", func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		answer(w, h.dials)
	})
	return mux
}

func (h *house) join(w http.ResponseWriter, r *http.Request) {
	var in struct{ Role string }
	json.NewDecoder(r.Body).Decode(&in)
	h.mu.Lock()
	defer h.mu.Unlock()
	if in.Role == "speaker" {
		h.log++
		h.seats = h.seats[:2:2]
		h.sit(me)
	}
	base := "http://" + r.Host
	place := place(h.log)
	room := h.rooms[0]
	out := map[string]any{
		"role": in.Role, "you": h.you(), "room": room, "position": place, "grant": "grant", "grant_expires_at": "2099-01-01T00:00:00Z",
		"card": map[string]any{
			"room": tides, "title": room["title"], "state": "live", "seats": h.seats, "position": place, "epoch": h.epochAt(newest()),
			"policy": map[string]any{"open_stage": h.open, "open_listening": true, "hand_mode": h.mode}, "language": "en",
		},
		"edges": []any{map[string]any{
			"node": "fake-1", "url": base, "region": "",
			"listen_url": "ws" + strings.TrimPrefix(base, "http") + "/v1/rooms/" + tides + "/listen",
			"ogg_url":    base + "/v1/rooms/" + tides + "/grant/listen.ogg",
		}},
	}
	if in.Role == "speaker" {
		out["seat"], out["whip_url"] = 3, base+"/v1/rooms/"+tides+"/whip"
	}
	answer(w, out)
}

// command answers a stage command and tells every listener by a card.
func (h *house) command(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log++
	switch command := r.PathValue("command"); {
	case command == "audience":
		h.seats = h.seats[:2:2]
	case len(h.seats) > 2:
		h.seats[2].Muted = command == "mute"
	}
	answer(w, map[string]any{"position": map[string]uint64{"term": 1, "offset": h.log}, "speakers": h.seats})
}

// fault does to the house what a browser script asks for.
func (h *house) fault(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("fault") {
	case "hangup":
		h.hangUp()
	case "holes": // a second without sound, from half a second on
		h.mu.Lock()
		for first, i := newest()+3, uint64(0); i < 5; i++ {
			h.holes[first+i] = true
		}
		h.mu.Unlock()
	case "move": // the home dies, and another goes on 4 s later
		h.mu.Lock()
		h.move = move{newest() + 1, newest() + 20, h.move.moves + 1}
		h.mu.Unlock()
	case "end":
		h.mu.Lock()
		over := websocket.FormatCloseMessage(4410, "ended: the room is over")
		for conn := range h.conns {
			conn.WriteControl(websocket.CloseMessage, over, time.Now().Add(time.Second))
		}
		h.mu.Unlock()
	case "mute":
		h.change(event{field: 5, seat: 2})
	case "unmute":
		h.change(event{field: 6, seat: 2})
	default:
		h.moderation(r.PathValue("fault"))
	}
	w.WriteHeader(http.StatusNoContent)
}

// moderation does to the person at the browser what moderators do, and prepares rooms.
func (h *house) moderation(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch what {
	case "ask": // the stage is not open to all
		h.open = false
		h.log++
	case "hands-open", "hands-closed", "hands-invited":
		h.mode = strings.TrimPrefix(what, "hands-")
		h.log++
	case "moderator":
		h.moderate()
	case "lag":
		h.lagging = true
	case "catch-up":
		h.lagging = false
		h.say(message{"type": "enforced", "position": place(h.log)})
	case "invite":
		h.invited = true
		h.tell(user(1), message{"event": "invited", "user": me, "name": "Ada", "expires_at": in(45 * time.Second)})
	case "hold-me", "release-me", "audience-me", "mute-me":
		h.obeySeat(strings.TrimSuffix(what, "-me"), me, user(1))
	case "tear":
		if h.gateway != nil {
			h.gateway.Close()
		}
	}
}

// policy is the room's as the listen protocol has it.
func (h *house) policy() fields {
	out := fields(nil).number(2, 1).number(3, map[string]uint64{"open": 1, "invited": 2, "closed": 3}[h.mode])
	if h.open {
		out = out.number(1, 1)
	}
	return out
}

// change lets a stage event become true in the batch that is made next.
func (h *house) change(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log++
	e.offset, e.ticks = h.log, 4800
	h.events[newest()+1] = e
	h.seats[e.seat-1].Muted = e.field == 5
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": code}})
}
