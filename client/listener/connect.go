package listener

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	subprotocol = "rostrum.listen.v1"
	// maxMessageBytes bounds what an edge may send at once; a room card is the largest.
	maxMessageBytes = 64 << 10
	writeWithin     = 5 * time.Second
)

// connect opens a connection to the next edge in turn.
func (l *Listener) connect(ctx context.Context) error {
	l.mu.Lock()
	edge := l.urls[l.attempt%len(l.urls)]
	grant, millis := l.grant, l.millis
	l.mu.Unlock()
	l.attempt++
	address, err := l.address(edge, millis)
	if err != nil {
		return &CloseError{Code: 4400, Fault: "invalid", Message: err.Error()}
	}
	offered := []string{subprotocol}
	if !l.cfg.GrantInStart {
		offered = append(offered, grant)
	}
	conn, answer, err := l.cfg.Dialer.DialContext(ctx, address, http.Header{"Sec-Websocket-Protocol": {strings.Join(offered, ", ")}})
	if err != nil {
		if answer != nil {
			return fmt.Errorf("dial %s: status %d: %w", edge, answer.StatusCode, err)
		}
		return fmt.Errorf("dial %s: %w", edge, err)
	}
	conn.SetReadLimit(maxMessageBytes)
	if err := l.greet(ctx, conn, grant); err != nil {
		conn.Close()
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return conn.Close()
	}
	l.conn = conn
	return nil
}

// greet brings the grant where it was not a subprotocol, and reads Hello, which must come first.
func (l *Listener) greet(ctx context.Context, conn *websocket.Conn, grant string) error {
	if conn.Subprotocol() != subprotocol {
		return &corrupt{"the edge speaks " + strconv.Quote(conn.Subprotocol())}
	}
	if l.cfg.GrantInStart {
		start := &listenv1.ClientMessage{Message: &listenv1.ClientMessage_Start{Start: &listenv1.Start{Grant: grant}}}
		if err := l.send(conn, start); err != nil {
			return err
		}
	}
	raw, err := l.receive(ctx, conn)
	if err != nil {
		return err
	}
	m, err := parse(raw, l.cfg.Batches)
	if err == nil && m.hello == nil {
		err = &corrupt{"the first message is no Hello"}
	}
	if err == nil && m.hello.GetRendition() != l.cfg.Rendition {
		err = &corrupt{"another rendition"}
	}
	if err != nil {
		l.count(func(s *Stats) { s.Corrupt++ })
		return err
	}
	l.atLive, l.brought = false, 0
	l.wait = firstWait
	l.acked = time.Now()
	l.count(func(s *Stats) { s.Connections++ })
	l.queue = append(l.queue, Item{Hello: m.hello})
	l.lose(l.sequence.start(m.hello.GetFirst()))
	return nil
}

func (l *Listener) address(edge string, millis uint32) (string, error) {
	u, err := url.Parse(edge)
	if err != nil {
		return "", fmt.Errorf("parse the edge's URL: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	query := url.Values{"rendition": {l.cfg.Rendition}, "cadence": {strconv.FormatUint(uint64(millis), 10)}}
	if l.sequence.begun && !l.atLive {
		query.Set("from", strconv.FormatUint(l.sequence.next, 10))
	}
	u = u.JoinPath("v1", "rooms", string(l.cfg.Room), "listen")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// receive reads one message, which with Config.Batches is valid until the next call. The end of ctx ends the connection's
// reading for good.
func (l *Listener) receive(ctx context.Context, conn *websocket.Conn) ([]byte, error) {
	if err := conn.SetReadDeadline(time.Now().Add(l.cfg.Silence)); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	kind, reader, err := conn.NextReader()
	if err != nil {
		return nil, readError(err)
	}
	if kind != websocket.BinaryMessage {
		return nil, &corrupt{"a message is not binary"}
	}
	if l.cfg.Batches == nil { // what is heard is the caller's
		l.buffer = bytes.Buffer{}
	}
	l.buffer.Reset()
	if _, err := l.buffer.ReadFrom(reader); err != nil {
		return nil, readError(err)
	}
	return l.buffer.Bytes(), nil
}

func (l *Listener) send(conn *websocket.Conn, message *listenv1.ClientMessage) error {
	encoded, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.BinaryMessage, encoded)
}
