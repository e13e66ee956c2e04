// Package rpc owns how the roles reach each other: gRPC over TCP or in memory, with one set of interceptors for
// deadlines, faults, retries and logs.
package rpc

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// Network listens and dials by address.
type Network interface {
	Listen(address string) (net.Listener, error)
	// Dial answers a connection that is made when it is first used. One connection per address is shared; the network
	// closes it.
	Dial(address string) (*grpc.ClientConn, error)
	Close() error
}

// TCP reaches nodes at host:port.
type TCP struct{ conns pool }

// NewTCP makes a network over TCP.
func NewTCP() *TCP { return &TCP{} }

// Listen opens host:port; port 0 is a free one.
func (n *TCP) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// Dial answers the connection to host:port.
func (n *TCP) Dial(address string) (*grpc.ClientConn, error) {
	return n.conns.dial(address, func() (*grpc.ClientConn, error) { return grpc.NewClient(address, clientOptions()...) })
}

// Close closes every connection that Dial gave out.
func (n *TCP) Close() error { return n.conns.close() }

// Memory reaches nodes of the same process by any text, through the same gRPC and the same interceptors.
type Memory struct {
	conns pool

	mu        sync.Mutex
	listeners map[string]*bufconn.Listener
}

// NewMemory makes a network within the process.
func NewMemory() *Memory { return &Memory{listeners: map[string]*bufconn.Listener{}} }

// Listen opens an address. An address that is listened on again goes to the newest listener.
func (n *Memory) Listen(address string) (net.Listener, error) {
	l := bufconn.Listen(256 << 10)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[address] = l
	return l, nil
}

// Dial answers the connection to an address of this process, also one that nobody listens on yet.
func (n *Memory) Dial(address string) (*grpc.ClientConn, error) {
	return n.conns.dial(address, func() (*grpc.ClientConn, error) {
		options := append(clientOptions(), grpc.WithContextDialer(n.connect))
		return grpc.NewClient("passthrough:///"+address, options...)
	})
}

func (n *Memory) connect(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("nothing listens on %q", address)
	}
	return l.DialContext(ctx)
}

// Close closes every connection that Dial gave out.
func (n *Memory) Close() error { return n.conns.close() }

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
