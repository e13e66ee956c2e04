package mobileapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

// echoes are sockets that say what is said to them, until they are closed.
type echoes struct {
	served chan id.Room
	ending context.Context
	end    context.CancelFunc
}

func newEchoes() echoes {
	ending, end := context.WithCancel(context.Background())
	return echoes{make(chan id.Room, 1), ending, end}
}

func (e echoes) ServeRoom(w http.ResponseWriter, r *http.Request, room id.Room) {
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	if _, bounded := r.Context().Deadline(); bounded {
		io.WriteString(conn, "HTTP/1.1 500 bounded\r\n\r\n")
		return
	}
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	e.served <- room
	defer context.AfterFunc(e.ending, func() { io.WriteString(conn, "bye"); conn.Close() })()
	io.Copy(conn, buffered)
}

func (e echoes) Close() error { e.end(); return nil }

func TestEventsAreHandedOver(t *testing.T) {
	w, all := newWorld(t), newEchoes()
	w.gateway.events.sockets.Close()
	w.gateway.events.sockets = all
	server := httptest.NewServer(w.gateway.observed(newTable(w.gateway.routes(), w.gateway.call)))
	defer server.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(conn, "GET /v1/rooms/"+w.room.Id+"/events?from=1-3 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n")
	reader := bufio.NewReader(conn)
	answered, err := http.ReadResponse(reader, nil)
	if err != nil || answered.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answered %v, %v", answered, err)
	}
	if room := <-all.served; string(room) != w.room.Id {
		t.Errorf("served %s", room)
	}
	said := strings.Repeat("a", maxBody+1) // bodies are bounded, sockets are not
	go io.WriteString(conn, said)
	back := make([]byte, len(said))
	if _, err := io.ReadFull(reader, back); err != nil || string(back) != said {
		t.Fatalf("heard %d bytes, %v", len(back), err)
	}
	if err := w.gateway.Close(); err != nil { // waits for the socket
		t.Error(err)
	}
	if rest, err := io.ReadAll(reader); err != nil || string(rest) != "bye" {
		t.Errorf("the socket ended with %q, %v", rest, err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if text := w.log.String(); !strings.Contains(text, `route="GET /v1/rooms/{room}/events" status=101`) {
			return fmt.Errorf("logged %s", text)
		}
		return nil
	})
	families, err := w.metrics.Gather()
	if text := fmt.Sprint(families); err != nil || strings.Contains(text, "{room}/events") {
		t.Errorf("the life of a socket is measured as a call: %s, %v", text, err)
	}
}

func TestWhatIsNoSocketIsRefused(t *testing.T) {
	w := newWorld(t)
	w.do(t, call{method: "GET", path: roomPath + "/events"}).want(t, 400, fault.CodeInvalid)
	w.do(t, call{method: "GET", path: roomPath + "/events", header: map[string]string{"Upgrade": "h2c"}}).want(t, 400, fault.CodeInvalid)
	w.do(t, call{method: "GET", path: "/v1/rooms/lounge/events", header: map[string]string{"Upgrade": "websocket"}, outside: true}).want(t, 400, fault.CodeInvalid)
}

// said reads the next message of a type.
func said(t *testing.T, conn *websocket.Conn, kind string) map[string]any {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	for {
		var message map[string]any
		if err := conn.ReadJSON(&message); err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		if message["type"] == kind {
			return message
		}
	}
}

// One intent is one command, over HTTP and over the socket; the snapshot is what HTTP shows.
func TestSocketAndHTTPAreOneDoor(t *testing.T) {
	w := newWorld(t)
	w.stage.Moderators, w.place = []string{string(w.user)}, 2
	dialer := websocket.Dialer{Subprotocols: []string{"rostrum.events.v1", w.access}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(w.server.URL, "http")+"/v1/rooms/"+w.room.Id+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said(t, conn, "hello")
	shown := said(t, conn, "snapshot")
	_, body := w.read(t, w.access)
	var seen map[string]any
	if err := json.Unmarshal([]byte(body), &seen); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(shown["stage"], seen["stage"]) || !reflect.DeepEqual(shown["position"], seen["position"]) {
		t.Errorf("the socket shows %v, HTTP %v", shown, seen)
	}
	other := w.stage.Seats[1].User
	if err := conn.WriteJSON(map[string]any{"type": "command", "id": "k1", "do": "invite", "user": other, "expires_in": 30}); err != nil {
		t.Fatal(err)
	}
	if answer := said(t, conn, "answer"); answer["id"] != "k1" || answer["error"] != nil {
		t.Errorf("answered %v", answer)
	}
	first := w.last("Apply")
	w.do(t, call{
		method: "POST", path: roomPath + "/stage/" + other + "/invite", body: `{"expires_in":30}`, bearer: w.access,
		header: map[string]string{"Idempotency-Key": "k1"},
	}).want(t, 200, "")
	if again := w.last("Apply"); !proto.Equal(first, again) {
		t.Errorf("over the socket %v, over HTTP %v", first, again)
	}
	if err := w.gateway.Close(); err != nil {
		t.Error(err)
	}
	for err = nil; err == nil; { // it may have been told that all is as it was
		_, _, err = conn.ReadMessage()
	}
	if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the socket ended with %v", err)
	}
}
