package stage

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	subprotocol = "rostrum.events.v1"
	// maxMessageBytes bounds what a gateway may send at once: a snapshot with every hand up.
	maxMessageBytes = 64 << 20
	dialWithin      = 5 * time.Second
	writeWithin     = 5 * time.Second
)

// connection opens a connection and reads it to its end.
func (f *Follower) connection(ctx context.Context) error {
	conn, err := f.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := f.greet(conn); err != nil {
		return err
	}
	for {
		m, err := f.receive(conn)
		if err != nil {
			return err
		}
		if err := f.take(m); err != nil {
			return err
		}
	}
}

func (f *Follower) dial(ctx context.Context) (*websocket.Conn, error) {
	var err error
	if f.token, err = f.accessToken(ctx); err != nil {
		return nil, err
	}
	offered := []string{subprotocol}
	if !f.cfg.TokenInStart {
		offered = append(offered, f.token)
	}
	conn, answer, err := f.dialer.DialContext(ctx, f.address(), http.Header{"Sec-Websocket-Protocol": {strings.Join(offered, ", ")}})
	if err == nil {
		return conn, nil
	}
	if answer == nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	err = fmt.Errorf("connect to %s: HTTP status %d: is this the URL of a gateway?", f.cfg.URL, answer.StatusCode)
	if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusRequestTimeout {
		return nil, &refusal{err}
	}
	return nil, err
}

// address is where the next connection goes, and from which position.
func (f *Follower) address() string {
	u, _ := url.Parse(f.cfg.URL) // Validate has
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u = u.JoinPath("v1", "rooms", string(f.cfg.Room), "events")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begun && !f.fresh {
		u.RawQuery = url.Values{"from": {f.fold.Position.String()}}.Encode()
	}
	return u.String()
}

// greet brings the token where it was not a subprotocol, and reads hello, and the snapshot where one follows.
func (f *Follower) greet(conn *websocket.Conn) error {
	conn.SetReadLimit(maxMessageBytes)
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		if err := conn.SetReadDeadline(time.Now().Add(f.cfg.Silence)); err != nil {
			return err
		}
		return pong(data)
	})
	if conn.Subprotocol() != subprotocol {
		return &corrupt{"it speaks " + strconv.Quote(conn.Subprotocol())}
	}
	if f.cfg.TokenInStart {
		if err := f.write(conn, fmt.Appendf(nil, `{"type":"start","token":%q}`, f.token)); err != nil {
			return err
		}
	}
	m, err := f.receive(conn)
	if err != nil {
		return err
	}
	if m.hello == nil || m.hello.Version != apiVersion || m.hello.User == "" {
		return &corrupt{"the first message is no hello"}
	}
	user := m.hello.User
	if !m.hello.Resumed {
		if m, err = f.receive(conn); err != nil {
			return err
		}
		if m.snapshot == nil {
			return &corrupt{"no snapshot follows hello"}
		}
	}
	return f.adopt(conn, user, m.snapshot)
}

// adopt takes a connection that has said hello, and sends again what waits for an answer.
func (f *Follower) adopt(conn *websocket.Conn, user string, snapshot *Stage) error {
	f.mu.Lock()
	switch {
	case snapshot != nil:
		snapshot.You.User = user
		f.restart(snapshot)
	case !f.begun || f.fresh || f.fold.You.User != user:
		f.mu.Unlock()
		return &corrupt{"it resumes what was not asked for"}
	}
	f.conn, f.last = conn, nil
	f.stats.Connections++
	f.pace = pace{}
	waiting := make([][]byte, 0, len(f.pending))
	for _, p := range f.pending {
		f.pace.take(time.Now())
		waiting = append(waiting, p.raw)
	}
	f.mu.Unlock()
	f.wait, f.refused, f.refusals, f.fresh = firstWait, "", 0, false
	for _, raw := range waiting {
		if err := f.write(conn, raw); err != nil {
			return err
		}
	}
	return nil
}

// receive reads one message.
func (f *Follower) receive(conn *websocket.Conn) (message, error) {
	if err := conn.SetReadDeadline(time.Now().Add(f.cfg.Silence)); err != nil {
		return message{}, err
	}
	kind, raw, err := conn.ReadMessage()
	if err != nil {
		return message{}, closeError(err)
	}
	if kind != websocket.TextMessage {
		return message{}, &corrupt{"a message is not text"}
	}
	return parse(raw)
}

// write sends one message. A connection that does not take it is over.
func (f *Follower) write(conn *websocket.Conn, raw []byte) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	err := conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err == nil {
		err = conn.WriteMessage(websocket.TextMessage, raw)
	}
	if err != nil {
		conn.Close()
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
