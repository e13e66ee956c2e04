package edge

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
)

const (
	// readBufferBytes is what one read of a plain socket takes; it is borrowed, for no longer than the read.
	readBufferBytes = 4096
	// tlsReadBytes is held by every TLS connection while it waits; messages of listeners are small.
	tlsReadBytes = 128
)

// socket is a connection that is written to without ever waiting. Only its shard writes.
type socket interface {
	// lend gives the socket what its shard writes with, before the first try.
	lend(*writer)
	// try hands over what can be had without waiting. Of b the first n bytes were taken and must not be given again;
	// clear says that nothing waits on our side. try(nil) only goes on with what waits.
	try(b []byte) (n int, clear bool, err error)
	// read calls take with what the peer sends until it fails or the connection ends. take must not keep the bytes.
	read(take func([]byte) error) error
	// closeWrite tells the peer that nothing follows.
	closeWrite()
	io.Closer
}

// takeOver makes a socket of what an upgrade left behind.
func takeOver(conn net.Conn, buffers *sync.Pool) (socket, error) {
	secure, isTLS := conn.(*tls.Conn)
	if isTLS {
		conn = secure.NetConn()
	}
	waiting, wrapped := conn.(*waitingConn)
	if isTLS && !wrapped {
		return nil, errors.New("a TLS listener must be wrapped with edge.Listener underneath")
	}
	if wrapped {
		conn = waiting.Conn
	}
	plain, ok := conn.(interface {
		net.Conn
		syscall.Conn
	})
	if !ok {
		return nil, fmt.Errorf("a %T has no descriptor", conn)
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("take connection over: %w", err)
	}
	setOptions(raw)
	if !isTLS {
		return &plainSocket{conn: conn, raw: raw, buffers: buffers}, nil
	}
	waiting.hold(raw)
	return &tlsSocket{conn: secure, under: waiting}, nil
}

// writer is what a shard writes with; one for all of its sockets.
type writer struct {
	rawWriter
	spare []byte // for ciphertext on its way to the kernel
}

// plainSocket is TCP without TLS.
type plainSocket struct {
	conn    net.Conn
	raw     syscall.RawConn
	buffers *sync.Pool
	out     *writer
}

func (s *plainSocket) lend(w *writer) { s.out = w }

func (s *plainSocket) try(b []byte) (n int, clear bool, err error) {
	if len(b) == 0 {
		return 0, true, nil
	}
	n, err = s.out.write(s.raw, b)
	return n, n == len(b), err
}

func (s *plainSocket) read(take func([]byte) error) error {
	var failed error
	once := func(fd uintptr) bool {
		buffer := s.buffers.Get().(*[readBufferBytes]byte)
		defer s.buffers.Put(buffer)
		n, again, err := readFD(fd, buffer[:])
		switch {
		case again:
			return false // the goroutine sleeps until there is something, without a buffer
		case err != nil:
			failed = err
		case n == 0:
			failed = io.EOF
		default:
			failed = take(buffer[:n])
		}
		return true
	}
	for failed == nil {
		if err := s.raw.Read(once); err != nil {
			return err
		}
	}
	return failed
}

func (s *plainSocket) closeWrite() {
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
}

func (s *plainSocket) Close() error { return s.conn.Close() }
