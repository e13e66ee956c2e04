package test

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const listenProtocol = "rostrum.listen.v1"

// badListener is a WebSocket that must be closed.
type badListener struct {
	name  string
	room  string // "": the live one
	query string
	offer []string // subprotocols; nil: the protocol and a good grant
	send  func(testing.TB, *websocket.Conn)
	want  fault.Code
}

func (w *world) badListeners(t *testing.T) {
	for _, table := range [][]badListener{w.badGrants(t), badWishes(), badMessages(), badFrames()} {
		for _, c := range table {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				w.closes(t, c)
			})
		}
	}
}

// closes opens a listener's connection, misbehaves and wants the documented close code and reason.
func (w *world) closes(t *testing.T, c badListener) {
	room, offer := c.room, c.offer
	if room == "" {
		room = w.live.ID
	}
	if offer == nil {
		offer = []string{listenProtocol, w.guestListens}
	}
	dialer := &websocket.Dialer{Subprotocols: offer, HandshakeTimeout: patience}
	conn, _, err := dialer.DialContext(bounded(t), "ws"+strings.TrimPrefix(w.url, "http")+inRoom(room, "/listen")+c.query, nil)
	must(t, err)
	defer conn.Close()
	if c.send != nil {
		c.send(t, conn)
	}
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	for err == nil {
		_, _, err = conn.ReadMessage()
	}
	told, ok := err.(*websocket.CloseError)
	if !ok || told.Code != fault.CloseCode(c.want) || !strings.HasPrefix(told.Text, string(c.want)+": ") {
		t.Errorf("ended with %v, wanted %d %s", err, fault.CloseCode(c.want), c.want)
	}
}

func (w *world) badGrants(t *testing.T) []badListener {
	unknown := string(id.NewRoom())
	with := func(name, room, grant string, want fault.Code) badListener {
		return badListener{name: name, room: room, offer: []string{listenProtocol, grant}, want: want}
	}
	return []badListener{
		with("a room never opened", unknown, w.signed(t, unknown, token.RightListen, 0), fault.CodeNotLive),
		with("not a room", "lobby", w.guestListens, fault.CodeNotFound),
		with("before any start", w.scheduled.ID, w.signed(t, w.scheduled.ID, token.RightListen, 0), fault.CodeNotLive),
		with("after the end", w.ended.ID, w.signed(t, w.ended.ID, token.RightListen, 0), fault.CodeEnded),
		with("not a grant", "", "grant", fault.CodeUnauthenticated),
		with("a forged grant", "", w.signedBy(t, w.forger(t), w.live.ID, token.RightListen, 0), fault.CodeUnauthenticated),
		with("a grant of another key", "", w.signedBy(t, token.NewSigner(), w.live.ID, token.RightListen, 0), fault.CodeUnauthenticated),
		with("a grant of tomorrow", "", w.signed(t, w.live.ID, token.RightListen, -time.Hour), fault.CodeUnauthenticated),
		with("an expired grant", "", w.signed(t, w.live.ID, token.RightListen, 2*time.Hour), fault.CodeExpired),
		with("a door grant", "", w.signed(t, w.live.ID, token.RightOgg, 0), fault.CodeForbidden),
		with("a speak grant", "", w.guestSpeaks, fault.CodeForbidden),
		with("another room's grant", "", w.listensElsewhere, fault.CodeForbidden),
		{name: "no grant", offer: []string{listenProtocol}, want: fault.CodeUnauthenticated},
		{name: "a bad grant as a message", offer: []string{listenProtocol}, send: says(start("grant")), want: fault.CodeUnauthenticated},
		{name: "no grant in the first message", offer: []string{listenProtocol}, send: says(cadence(200)), want: fault.CodeUnauthenticated},
		{name: "a first message without end", offer: []string{listenProtocol}, send: says(start(strings.Repeat("a", 5000))), want: fault.CodeTooLarge},
		{name: "another protocol", offer: []string{"chat"}, want: fault.CodeInvalid},
	}
}

func badWishes() []badListener {
	return []badListener{
		{name: "a rendition that is none", query: "?rendition=voice-64", want: fault.CodeInvalid},
		{name: "a cadence that is none", query: "?cadence=300", want: fault.CodeInvalid},
		{name: "a number that is none", query: "?from=-1", want: fault.CodeInvalid},
		{name: "a number that overflows", query: "?from=18446744073709551615", want: fault.CodeInvalid},
		{name: "a number from the future", query: "?from=4000000000000000000", want: fault.CodeFromAhead},
	}
}

func badMessages() []badListener {
	return []badListener{
		{name: "text", send: writes(websocket.TextMessage, []byte("hello")), want: fault.CodeInvalid},
		{name: "not a message", send: writes(websocket.BinaryMessage, []byte{0x0a, 0xff, 0xff}), want: fault.CodeInvalid},
		{name: "a cadence of its own", send: says(cadence(1)), want: fault.CodeInvalid},
		{name: "a message too large", send: writes(websocket.BinaryMessage, make([]byte, 4097)), want: fault.CodeTooLarge},
		{name: "too many messages", want: fault.CodeRateLimited, send: func(t testing.TB, conn *websocket.Conn) {
			flood(func() error { return conn.WriteMessage(websocket.BinaryMessage, encoded(t, cadence(200))) })
		}},
		{name: "too many pings", want: fault.CodeRateLimited, send: func(t testing.TB, conn *websocket.Conn) {
			flood(func() error { return conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)) })
		}},
	}
}

func badFrames() []badListener {
	raw := func(frame ...byte) func(testing.TB, *websocket.Conn) {
		return func(t testing.TB, conn *websocket.Conn) {
			_, err := conn.NetConn().Write(frame)
			must(t, err)
		}
	}
	mask := []byte{1, 2, 3, 4}
	tooLong := append([]byte{0x02, 0x80 | 126, 0x0f, 0xff}, append(mask, make([]byte, 4095)...)...) // a fragment within bounds
	return []badListener{
		{name: "an unmasked frame", send: raw(0x82, 1, 0), want: fault.CodeInvalid},
		{name: "an unknown opcode", send: raw(0x83, 0x80, 1, 2, 3, 4), want: fault.CodeInvalid},
		{name: "an extension", send: raw(0xc2, 0x80, 1, 2, 3, 4), want: fault.CodeInvalid},
		{name: "a fragmented ping", send: raw(0x09, 0x80, 1, 2, 3, 4), want: fault.CodeInvalid},
		{name: "a fragment of nothing", send: raw(0x80, 0x80, 1, 2, 3, 4), want: fault.CodeInvalid},
		{name: "a frame of 2^63 bytes", send: raw(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), want: fault.CodeTooLarge},
		{name: "fragments too large together", send: raw(append(tooLong, 0x80, 0x82, 1, 2, 3, 4, 0, 0)...), want: fault.CodeTooLarge},
	}
}

func start(grant string) *listenv1.ClientMessage {
	return &listenv1.ClientMessage{Message: &listenv1.ClientMessage_Start{Start: &listenv1.Start{Grant: grant}}}
}

func cadence(ms uint32) *listenv1.ClientMessage {
	return &listenv1.ClientMessage{Message: &listenv1.ClientMessage_Cadence{Cadence: &listenv1.Cadence{Ms: ms}}}
}

func says(message *listenv1.ClientMessage) func(testing.TB, *websocket.Conn) {
	return func(t testing.TB, conn *websocket.Conn) {
		writes(websocket.BinaryMessage, encoded(t, message))(t, conn)
	}
}

func encoded(t testing.TB, message *listenv1.ClientMessage) []byte {
	t.Helper()
	out, err := proto.Marshal(message)
	must(t, err)
	return out
}

// flood writes more than may be said within a second, however slowly it is written, or until the connection is cut.
func flood(write func() error) {
	for range 1000 {
		if write() != nil {
			return
		}
	}
}

func writes(kind int, message []byte) func(testing.TB, *websocket.Conn) {
	return func(t testing.TB, conn *websocket.Conn) { must(t, conn.WriteMessage(kind, message)) }
}
