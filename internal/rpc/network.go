// Package rpc owns how the roles reach each other: gRPC over TCP or in memory, with one set of interceptors for
// deadlines, faults, retries, request ids and logs, and over TCP with node certificates where they are configured.
package rpc

import (
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
)

// Network listens and dials by address.
type Network interface {
	Listen(address string) (net.Listener, error)
	// Dial answers a connection that is made when it is first used. One connection per address is shared; the network
	// closes it.
	Dial(address string) (*grpc.ClientConn, error)
	Close() error
}

// Options are what all servers and connections of a process share.
type Options struct {
	Security *Security // nil: plain
	Metrics  *Metrics  // nil: none
}

// pool shares one connection per address.
type pool struct {
	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

func (p *pool) dial(address string, open func() (*grpc.ClientConn, error)) (*grpc.ClientConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn := p.conns[address]; conn != nil {
		return conn, nil
	}
	conn, err := open()
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", address, err)
	}
	if p.conns == nil {
		p.conns = map[string]*grpc.ClientConn{}
	}
	p.conns[address] = conn
	return conn, nil
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns = nil
	return nil
}
