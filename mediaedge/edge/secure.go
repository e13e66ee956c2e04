package edge

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// maxHeldBytes bounds the ciphertext of one connection: one delivery or room card, and what TLS says by itself.
const maxHeldBytes = 128 << 10

var errHeldTooMuch = errors.New("more ciphertext than one delivery waits")

// Listener wraps a TCP listener below TLS, so that listeners over TLS can be served without ever waiting for one:
//
//	server.Serve(tls.NewListener(edge.Listener(tcp), config))
//
// Until the edge takes a connection over it behaves as any other, so the same port serves ordinary requests.
func Listener(l net.Listener) net.Listener { return waitingListener{l} }

type waitingListener struct{ net.Listener }

func (l waitingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &waitingConn{Conn: conn}, nil
}

// waitingConn is what TLS writes to. Once held, Write only collects: crypto/tls breaks a connection for good when a write
// fails or comes short, so none may.
type waitingConn struct {
	net.Conn

	mu   sync.Mutex // the reader of a tls.Conn writes too: alerts and key updates
	raw  syscall.RawConn
	held []byte // ciphertext that the kernel has not taken
	sent int    // of held
}

// NetConn answers the connection under it, as tls.Conn's does: its options are to be set by who serves something else.
func (c *waitingConn) NetConn() net.Conn { return c.Conn }

func (c *waitingConn) hold(raw syscall.RawConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = raw
}

func (c *waitingConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.raw == nil {
		c.mu.Unlock()
		return c.Conn.Write(b)
	}
	defer c.mu.Unlock()
	if len(c.held)+len(b) > maxHeldBytes {
		return 0, errHeldTooMuch
	}
	c.held = append(c.held, b...)
	return len(b), nil
}

// SetDeadline and SetWriteDeadline do nothing to a held connection: crypto/tls forbids writing after it said goodbye by a
// deadline in the past, and what is held then still has to go.
func (c *waitingConn) SetDeadline(t time.Time) error {
	if c.holds() {
		return nil
	}
	return c.Conn.SetDeadline(t)
}

func (c *waitingConn) SetWriteDeadline(t time.Time) error {
	if c.holds() {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

func (c *waitingConn) holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw != nil
}

// collect has the next writes use the shard's spare buffer, where there is one and nothing is held.
func (c *waitingConn) collect(w *writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held, w.spare = w.spare, nil
	}
}

// flush offers the kernel what is held. An emptied buffer becomes the shard's spare.
func (c *waitingConn) flush(w *writer) (clear bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent < len(c.held) {
		n, err := w.write(c.raw, c.held[c.sent:])
		if err != nil {
			return false, err
		}
		c.sent += n
	}
	if c.sent < len(c.held) {
		return false, nil
	}
	if cap(c.held) > cap(w.spare) {
		w.spare = c.held[:0]
	}
	c.held, c.sent = nil, 0
	return true, nil
}

// tlsSocket is TCP with TLS. While ciphertext waits nothing new is encrypted.
type tlsSocket struct {
	conn  *tls.Conn
	under *waitingConn
	out   *writer
}

func (s *tlsSocket) lend(w *writer) { s.out = w }

func (s *tlsSocket) try(b []byte) (n int, clear bool, err error) {
	if clear, err := s.under.flush(s.out); !clear || err != nil || len(b) == 0 {
		return 0, clear, err
	}
	s.under.collect(s.out)
	if n, err = s.conn.Write(b); err != nil {
		return n, false, err
	}
	clear, err = s.under.flush(s.out)
	return n, clear, err
}

func (s *tlsSocket) read(take func([]byte) error) error {
	buffer := make([]byte, tlsReadBytes)
	for {
		n, err := s.conn.Read(buffer)
		if n > 0 {
			if err := take(buffer[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

func (s *tlsSocket) closeWrite() {
	if s.conn.CloseWrite() != nil {
		return
	}
	if clear, err := s.under.flush(s.out); !clear || err != nil {
		return
	}
	if half, ok := s.under.Conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

// Close closes the descriptor at once; a tls.Conn would wait for its lock and say goodbye first.
func (s *tlsSocket) Close() error { return s.under.Conn.Close() }
