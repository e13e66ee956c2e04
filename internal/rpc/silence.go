package rpc

import (
	"net"
	"sync/atomic"
	"time"
)

const (
	// pingEvery is how often a server says something to a client from which it hears nothing. A client that sends hears
	// acknowledgements; so no working connection is ever silent for much longer.
	pingEvery = time.Second
	// silentAfter and silentGrace are how long nothing may come over a client's connection. The grace lets a process that
	// was itself stopped read what has come meanwhile.
	silentAfter = 2500 * time.Millisecond
	silentGrace = 500 * time.Millisecond
)

// watched is a client's connection that ends itself when the other side is frozen or unreachable. TCP would notice the
// first never and the second after minutes; gRPC's own keepalive does not ask more often than every 10 s.
type watched struct {
	net.Conn
	metrics *Metrics
	timer   *time.Timer
	heard   atomic.Int64 // Unix ns
	closed  atomic.Bool
	doubted bool // owned by the timer
}

func watch(conn net.Conn, m *Metrics) *watched {
	w := &watched{Conn: conn, metrics: m}
	w.heard.Store(time.Now().UnixNano())
	ready := make(chan struct{})
	w.timer = time.AfterFunc(silentAfter, func() {
		<-ready
		w.look()
	})
	close(ready)
	return w
}

// Read notes that the other side lives.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

func (w *watched) look() {
	idle := time.Since(time.Unix(0, w.heard.Load()))
	switch {
	case w.closed.Load():
	case idle < silentAfter:
		w.doubted = false
		w.timer.Reset(silentAfter - idle)
	case !w.doubted:
		w.doubted = true
		w.timer.Reset(silentGrace)
	default:
		w.metrics.silent()
		w.Close()
	}
}

// Close ends the connection.
func (w *watched) Close() error {
	w.closed.Store(true)
	w.timer.Stop()
	return w.Conn.Close()
}
