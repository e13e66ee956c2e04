package events

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
)

// Subprotocol names the protocol in the upgrade.
const Subprotocol = "rostrum.events.v1"

// sendBuffer bounds what the kernel holds for a connection that takes nothing.
const sendBuffer = 64 << 10

var upgrader = websocket.Upgrader{
	HandshakeTimeout: 2 * time.Second, ReadBufferSize: 1024, WriteBufferSize: 1024, Subprotocols: []string{Subprotocol},
	CheckOrigin: func(*http.Request) bool { return true }, // no cookie is used: the token says who it is
}

// conn is one events socket: its reader is serve, its writer the one goroutine that writes to the connection.
type conn struct {
	// static
	sockets *Sockets
	ws      *websocket.Conn // is only read from
	net     net.Conn        // what is under it, is only written to
	out     outbox
	over    chan struct{} // closed by cut
	unread  chan struct{} // closed when nothing is read any more

	// static once it joins a room
	who  intent.Person
	from position

	// guarded by mu
	mu  sync.Mutex
	bye goodbye // how it ended; valid when over is closed

	// owned by the reader
	limit    bucket
	commands chan clientMessage // nil before the first one
	working  sync.WaitGroup

	// owned by the room
	joined  bool
	at      int // index in room.conns
	view    view
	place   int // as told last
	of      int
	until   time.Time // waits so long
	heardAt time.Time // when it was told something last
	pinged  time.Time
}

func newConn(s *Sockets, ws *websocket.Conn) *conn {
	c := &conn{
		sockets: s, ws: ws, net: ws.NetConn(), out: newOutbox(), over: make(chan struct{}), unread: make(chan struct{}),
		limit: newBucket(messagesAtOnce, messagesPerSecond, time.Now()),
	}
	if tcp, ok := c.net.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // as the kernel likes
	}
	return c
}

// cut ends a connection, once: the first goodbye holds.
func (c *conn) cut(bye goodbye) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cutLocked() {
		return
	}
	c.bye = bye
	close(c.over)
	_ = c.net.SetWriteDeadline(time.Now().Add(c.sockets.pace.grace)) // what is being written has so long
}

func (c *conn) cutAlready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cutLocked()
}

func (c *conn) cutLocked() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// serve returns when the connection is over and nothing of it runs any more.
func (c *conn) serve(r *http.Request, name id.Room) {
	var writing sync.WaitGroup
	writing.Go(c.write)
	c.cut(c.stay(r, name))
	c.drain()
	writing.Wait()
}

// stay lets the client be in the room until the connection is over, and answers why it is.
func (c *conn) stay(r *http.Request, name id.Room) goodbye {
	if err := c.begin(r); err != nil {
		return farewellTo(err)
	}
	room := c.sockets.enter(name)
	if room == nil {
		return goodbyeLeaving
	}
	defer c.sockets.exit(room)
	select {
	case room.joins <- c:
	case <-room.over:
		return c.refusedBy(room)
	}
	bye := c.read(name)
	c.cut(bye) // now, so that the room tells it nothing more
	if c.commands != nil {
		close(c.commands)
	}
	c.working.Wait()
	select {
	case room.leaves <- c:
	case <-room.over:
	}
	return bye
}

func (c *conn) refusedBy(r *room) goodbye {
	if r.why == nil {
		return farewellTo(fault.Unavailable(nil, "the stage cannot be had; try again"))
	}
	if r.why == errLeaving {
		return goodbyeLeaving
	}
	return farewellTo(r.why)
}

// begin learns who speaks, and from where.
func (c *conn) begin(r *http.Request) error {
	token := ""
	if offered := websocket.Subprotocols(r); len(offered) > 1 && offered[0] == Subprotocol {
		token = offered[1]
	}
	if token == "" {
		var err error
		if token, err = c.readStart(); err != nil {
			return err
		}
	}
	var err error
	if c.who, err = c.sockets.cfg.Authorise(token); err != nil {
		return err
	}
	if text := r.URL.Query().Get("from"); text != "" {
		c.from, err = parsePosition(text)
	}
	return err
}
