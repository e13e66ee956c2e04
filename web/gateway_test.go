package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// message is JSON of the events socket (docs/protocol.md section 10).
type message = map[string]any

// hand is a raised hand on the fake stage.
type hand struct {
	User     string `json:"user"`
	Name     string `json:"name"`
	Note     string `json:"note"`
	Order    uint64 `json:"order"`
	RaisedAt string `json:"raised_at"`
	Absent   bool   `json:"absent"`
}

// invite is an invite on the fake stage.
type invite struct {
	User      string `json:"user"`
	Name      string `json:"name"`
	By        string `json:"by"`
	ExpiresAt string `json:"expires_at"`
}

const (
	enforcedAfter = 600 * time.Millisecond
	// ahead and behind are the hands that a person sees of the queue by number only.
	ahead, behind = 6, 5
)

var me = user(9)

// eventsSocket is the events socket of the one person at the browser. It tells what a gateway would; the rules are the server's.
func (h *house) eventsSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"rostrum.events.v1"}, CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gateway = conn
	h.dials = append(h.dials, r.URL.Query().Get("from"))
	resumed := r.URL.Query().Get("from") == positionText(h.log)
	conn.WriteJSON(message{"type": "hello", "version": 1, "user": me, "resumed": resumed, "heartbeat_ms": 5000})
	if !resumed {
		h.sendSnapshot()
	}
	h.wg.Go(func() { h.obeyAll(conn) })
}

func (h *house) obeyAll(conn *websocket.Conn) {
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var c struct{ Type, ID, Do, User, Note, Mode string }
		if json.Unmarshal(raw, &c) != nil || c.Type != "command" {
			continue
		}
		h.mu.Lock()
		answer := message{"type": "answer", "id": c.ID}
		if code := h.obey(c.Do, c.User, c.Note, c.Mode); code != "" {
			answer["error"] = message{"code": code, "message": code}
		} else {
			answer["position"] = place(h.log)
		}
		h.say(answer)
		h.mu.Unlock()
	}
}

// obey does a command of the person at the browser; the answer is a fault code or nothing. Callers hold mu.
func (h *house) obey(do, who, note, mode string) string {
	if who == "" || who == "me" {
		who = me
	}
	switch do {
	case "raise":
		h.raised = true
		h.tell(me, message{"event": "hand_raised", "user": me, "name": "Ada", "note": note, "order": h.log + 1, "raised_at": now()})
		h.say(message{"type": "place", "place": ahead + 1, "of": ahead + 1 + behind})
	case "lower":
		h.lower(who, "self")
	case "lower_all":
		h.hands = nil
		h.tell(me, message{"event": "all_hands_lowered"})
	case "hand_mode":
		h.mode = mode
		h.tell(me, message{"event": "hand_mode_set", "mode": mode})
	case "accept":
		if !h.invited {
			return "invite_expired"
		}
		h.closeInvite("accepted")
		h.lower(me, "seated")
		h.sit(me)
	case "decline":
		h.closeInvite("declined")
		h.lower(me, "declined")
	case "invite":
		i := slices.IndexFunc(h.hands, func(hand hand) bool { return hand.User == who })
		h.invites = append(h.invites, invite{who, h.hands[i].Name, me, in(time.Minute)})
		h.tell(me, message{"event": "invited", "user": who, "name": h.hands[i].Name, "expires_at": in(time.Minute)})
	case "withdraw":
		h.invites = slices.DeleteFunc(h.invites, func(i invite) bool { return i.User == who })
		h.tell(me, message{"event": "invite_closed", "user": who, "reason": "withdrawn"})
	default:
		return h.obeySeat(do, who, me)
	}
	return ""
}

// obeySeat does a command about who has a seat. Callers hold mu.
func (h *house) obeySeat(do, who, by string) string {
	i := slices.IndexFunc(h.seats, func(s seat) bool { return s.User == who })
	if i < 0 {
		return "not_seated"
	}
	s := &h.seats[i]
	e := message{"event": map[string]string{
		"mute": "muted", "unmute": "unmuted", "hold": "held", "release": "released", "appoint": "appointed", "dismiss": "dismissed",
	}[do], "user": who, "seat": s.Seat}
	switch do {
	case "mute", "hold":
		s.Muted, s.Held = true, s.Held || do == "hold"
	case "unmute":
		s.Muted = false
	case "release":
		s.Held = false
	case "appoint":
		s.Role = "moderator"
	case "dismiss":
		s.Role = "speaker"
	case "audience":
		e["event"], e["reason"] = "unseated", "left"
		if by != who {
			e["reason"] = "moved_to_audience"
		}
		h.seats = slices.Delete(h.seats, i, i+1)
	default:
		return "invalid"
	}
	h.tell(by, e)
	return ""
}

func (h *house) lower(who, reason string) {
	h.hands = slices.DeleteFunc(h.hands, func(hand hand) bool { return hand.User == who })
	h.tell(me, message{"event": "hand_lowered", "user": who, "reason": reason})
	if who == me {
		h.raised = false
		h.say(message{"type": "place", "place": 0, "of": ahead + behind})
	}
}

func (h *house) closeInvite(reason string) {
	h.invited = false
	h.tell(me, message{"event": "invite_closed", "user": me, "reason": reason})
}

func (h *house) sit(who string) {
	s := seat{Seat: 3, User: who, Name: "Ada", Role: "speaker"}
	if h.moderator {
		s.Role = "moderator"
	}
	h.seats = append(h.seats, s)
	h.tell(who, message{"event": "seated", "user": who, "seat": s})
}

// tell logs an event and says it to the browser; a while later it is enforced, or when a script says so. Callers hold mu.
func (h *house) tell(by string, e message) {
	h.log++
	at := h.log
	e["type"], e["position"], e["at"], e["by"] = "event", place(at), now(), by
	h.say(e)
	if h.lagging {
		return
	}
	time.AfterFunc(enforcedAfter, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.say(message{"type": "enforced", "position": place(at)})
	})
}

func (h *house) say(m message) {
	if h.gateway != nil {
		h.gateway.WriteJSON(m)
	}
}

func (h *house) sendSnapshot() {
	stage := message{
		"view": "person", "state": "live", "title": h.rooms[0]["title"], "host": user(1), "moderators": []string{},
		"hand_mode": h.mode, "open_stage": true, "max_seats": 20, "hand_count": ahead + behind, "enforced": place(h.log), "seats": h.seats,
	}
	if h.moderator {
		stage["view"], stage["moderators"] = "moderator", []string{me}
		stage["hands"], stage["hand_count"] = h.hands, len(h.hands)
		stage["invites"], stage["removed"] = h.invites, []string{user(8)}
	}
	h.say(message{"type": "snapshot", "position": place(h.log), "stage": stage, "you": h.you()})
}

// you is what the stage knows of the person at the browser.
func (h *house) you() message {
	out := message{"role": "listener", "seat": 0, "place": 0, "invite": nil}
	if i := slices.IndexFunc(h.seats, func(s seat) bool { return s.User == me }); i >= 0 {
		out["role"], out["seat"] = "speaker", h.seats[i].Seat
	}
	if h.moderator {
		out["role"] = "moderator"
	}
	if h.raised {
		out["place"] = ahead + 1
	}
	return out
}

// moderate makes the person at the browser a moderator, with a queue to look after.
func (h *house) moderate() {
	h.moderator = true
	h.seats[1].Held, h.seats[1].Muted = true, true
	ago := func(d time.Duration) string { return in(-d) }
	h.hands = []hand{
		{user(3), "Mai", "I kept the light at Dungeness for eleven years, and I have a story about fog.", 1, ago(7 * time.Minute), false},
		{user(4), "Tomás Ferreira-Albuquerque", "", 2, ago(3 * time.Minute), true},
		{user(5), strings.Repeat("Wolfeschlegelsteinhausen", 2)[:40], "One question about tides", 3, ago(10 * time.Second), false},
	}
	h.invites = []invite{{user(6), "Bo", user(1), in(48 * time.Second)}}
}

func place(offset uint64) message { return message{"term": 1, "offset": offset} }

func positionText(offset uint64) string { return "1-" + strconv.FormatUint(offset, 10) }

func now() string { return in(0) }

func in(d time.Duration) string { return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
