package events

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/mobile-api/intent"
)

// Subprotocol names version 1 of the events protocol.
const Subprotocol = "rostrum.events.v1"

// sendBuffer bounds what the kernel takes from us for a client that reads nothing (Linux doubles it): what does not fit
// waits where it is counted.
const sendBuffer = 64 << 10

// ServeRoom upgrades a call and serves a room's events until the connection is over. The upgrade succeeds whatever is
// wrong, since browsers hide failed upgrades; a close code tells it. The call's context and deadlines bound nothing.
func (s *Sockets) ServeRoom(w http.ResponseWriter, r *http.Request, room id.Room) {
	if !websocket.IsWebSocketUpgrade(r) {
		fault.WriteHTTP(w, fault.New(fault.CodeInvalid, "open a WebSocket here"))
		return
	}
	done, ok := s.begin()
	if !ok {
		fault.WriteHTTP(w, fault.Unavailable(nil, "this gateway is leaving; call again"))
		return
	}
	defer done()
	c, err := s.upgrade(w, r)
	if err != nil {
		return // the upgrader has answered
	}
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	defer s.open.Add(-1)
	full := s.open.Add(1) > int64(s.cfg.MostSockets)
	go c.write()
	if full {
		c.cut(farewell(reasonFull, errFull))
	} else if err := s.serve(c, r, room); err != nil {
		c.cut(goodbyeTo(err))
	}
	c.finish()
}

// serve authorises a connection and has it follow the room to its end.
func (s *Sockets) serve(c *conn, r *http.Request, name id.Room) (err error) {
	c.request = obs.RequestID(r.Context())
	if from := r.URL.Query().Get("from"); from != "" {
		if c.from, err = parsePosition(from); err != nil {
			return err
		}
	}
	if c.who, c.expires, err = s.identify(c, r); err != nil {
		return err
	}
	room, exit, err := s.follow(name)
	if err != nil {
		c.cut(goodbyeLeaving)
		return nil
	}
	defer exit()
	c.room = name
	select {
	case room.joins <- c:
	case <-room.over:
		c.cut(room.goodbye())
		return nil
	}
	c.cut(c.read())
	select {
	case room.leaves <- c:
	case <-room.over:
	}
	return nil
}

// identify answers who the access token speaks for, and until when: the second subprotocol value, or that of the start
// message.
func (s *Sockets) identify(c *conn, r *http.Request) (intent.Person, time.Time, error) {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 || offered[0] != Subprotocol {
		return intent.Person{}, time.Time{}, fault.New(fault.CodeInvalid, "offer the subprotocol %s", Subprotocol)
	}
	token := ""
	if len(offered) > 1 {
		token = offered[1]
	} else {
		var err error
		if token, err = c.readStart(); err != nil {
			return intent.Person{}, time.Time{}, err
		}
	}
	who, expires, err := s.cfg.Authorise(token)
	if err != nil {
		return intent.Person{}, time.Time{}, fault.From(err)
	}
	return who, expires, nil
}

// upgrade takes a call's connection over.
func (s *Sockets) upgrade(w http.ResponseWriter, r *http.Request) (*conn, error) {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: s.pace.start, Subprotocols: []string{Subprotocol}, WriteBufferPool: noBuffers{},
		CheckOrigin: func(*http.Request) bool { return true }, // tokens admit, not cookies
	}
	taken := &takeover{ResponseWriter: w}
	reader, err := upgrader.Upgrade(taken, r, nil)
	if err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	taken.conn.upgraded = true
	boundKernel(taken.conn.Conn)
	return newConn(s, taken.conn.Conn, reader), nil
}

// takeover lets the upgrader have the connection below any wrapped writer.
type takeover struct {
	http.ResponseWriter
	conn *quiet
}

func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.conn = &quiet{Conn: conn}
	return t.conn, buffered, err
}

// quiet is a connection on which the WebSocket library reads, and writes nothing once it is upgraded: only the goroutine
// that writes does.
type quiet struct {
	net.Conn
	upgraded bool
}

func (q *quiet) SetWriteDeadline(at time.Time) error {
	if q.upgraded {
		return nil
	}
	return q.Conn.SetWriteDeadline(at)
}

func (q *quiet) Write(b []byte) (int, error) {
	if q.upgraded {
		return len(b), nil
	}
	return q.Conn.Write(b)
}

// noBuffers keeps the library from holding a buffer for what it does not write.
type noBuffers struct{}

func (noBuffers) Get() any { return nil }
func (noBuffers) Put(any)  {}

// boundKernel bounds what waits in the kernel.
func boundKernel(conn net.Conn) {
	for { // TLS, and what a listener wraps
		wrapped, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = wrapped.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // as good as without
	}
}

// mostDrained bounds what is read for nothing.
const mostDrained = 1 << 20

// drain reads what a client still sends, so that it can read our goodbye.
func drain(conn net.Conn, within time.Duration) {
	if conn.SetReadDeadline(time.Now().Add(within)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, mostDrained))
	}
}
