package events

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// sendBuffer bounds what the kernel takes from us for a client that reads nothing (Linux doubles it): what does not fit
// waits where it is counted.
const sendBuffer = 64 << 10

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
