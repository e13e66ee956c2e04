package events

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
)

// maxMessageBytes bounds a client's message.
const maxMessageBytes = 4096

// conn is one events socket.
type conn struct {
	// static
	sockets *Sockets
	socket  net.Conn
	reader  *websocket.Conn
	out     outbox
	ended   chan struct{} // closed by the first cut
	written chan struct{} // closed when write has ended

	// static once it joins
	request string // id of the call that opened the socket
	who     intent.Person
	expires time.Time // of the access token; zero: never
	room    id.Room
	from    view.Position // zero: none

	// owned by whoever reads
	rate allowance

	orders orders

	// owned by the room
	joined bool
	at     int // in room.conns
	view   view.Viewer
	until  time.Time // that it waits
	toldAt time.Time
	pinged time.Time
	place  int // as told last
	of     int

	// guarded by mu
	mu   sync.Mutex
	bye  *goodbye
	last time.Time // by which all must be written, after a cut
}

func newConn(s *Sockets, socket net.Conn, reader *websocket.Conn) *conn {
	c := &conn{
		sockets: s, socket: socket, reader: reader, out: newOutbox(), ended: make(chan struct{}), written: make(chan struct{}),
	}
	c.rate = newAllowance(time.Now())
	if reader == nil {
		return c
	}
	reader.SetReadLimit(maxMessageBytes)
	reader.SetCloseHandler(func(int, string) error { return nil })
	reader.SetPongHandler(func(string) error { return c.heard() })
	reader.SetPingHandler(func(text string) error {
		if err := c.heard(); err != nil {
			return err
		}
		if !c.out.push(frame(opPong, []byte(text))) {
			c.cut(goodbyeOverflow)
		}
		return nil
	})
	return c
}

// read takes the client's messages until the connection ends, and answers how.
func (c *conn) read() goodbye {
	if err := c.listen(time.Now()); err != nil {
		return goodbyeTo(err)
	}
	for {
		text, err := c.next()
		if err == nil && !c.cutAlready() {
			err = c.obey(text)
		}
		if err != nil {
			return goodbyeTo(err)
		}
	}
}

// next answers the next message.
func (c *conn) next() ([]byte, error) {
	kind, r, err := c.reader.NextReader()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage || !utf8.Valid(text) {
		return nil, fault.New(fault.CodeInvalid, "messages are text in UTF-8")
	}
	return text, c.heard()
}

// readStart answers the token of the start message, which must come first and soon.
func (c *conn) readStart() (string, error) {
	if err := c.socket.SetReadDeadline(time.Now().Add(c.sockets.pace.start)); err != nil {
		return "", err
	}
	text, err := c.next()
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return "", fault.New(fault.CodeUnauthenticated, "no access token came in time").Because(err)
	}
	if err != nil {
		return "", err
	}
	return readStart(text)
}

// heard notes a sign of life. Fault: rate_limited.
func (c *conn) heard() error {
	now := time.Now()
	if !c.rate.take(now) {
		return fault.New(fault.CodeRateLimited, "at most 20 messages a second, 40 at once")
	}
	return c.listen(now)
}

// listen gives who has said who it is as long as silence may last.
func (c *conn) listen(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bye != nil || c.who.User == "" {
		return nil // the deadline is that of the goodbye, or of the start
	}
	return c.socket.SetReadDeadline(now.Add(c.sockets.pace.silence))
}

// cut ends the connection; the first one says how. Safe for concurrent use.
func (c *conn) cut(bye goodbye) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bye != nil {
		return
	}
	c.bye = &bye
	c.last = time.Now().Add(c.sockets.pace.grace)
	c.sockets.metrics.closed(bye.reason)
	close(c.ended)
	if c.socket != nil {
		_ = c.socket.SetWriteDeadline(c.last) // a lost connection needs none
	}
}

func (c *conn) cutAlready() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// hasExpired says whether the access token no longer speaks for the person.
func (c *conn) hasExpired(now time.Time) bool { return !c.expires.IsZero() && !now.Before(c.expires) }

// finish waits for the goodbye to be written, for the client to have read it and for commands in flight, for a moment
// each.
func (c *conn) finish() {
	<-c.written
	drain(c.socket, c.sockets.pace.grace)
	c.socket.Close()
	c.orders.finish(c.sockets.pace.grace)
}

// mostDrained bounds what is read for nothing.
const mostDrained = 1 << 20

// drain reads what a client still sends, so that it can read our goodbye.
func drain(conn net.Conn, within time.Duration) {
	if conn.SetReadDeadline(time.Now().Add(within)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, mostDrained))
	}
}
