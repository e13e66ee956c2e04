package rpc

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// TCP reaches nodes at host:port. Its zero value is a plain network.
type TCP struct {
	options Options
	conns   pool

	mu      sync.Mutex
	targets []*target
}

// NewTCP makes a network over TCP.
func NewTCP(o Options) *TCP { return &TCP{options: o} }

// Listen opens host:port; port 0 is a free one.
func (n *TCP) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// Dial answers the connection to "host:port", to the instances of a role at "host:port,host:port", or to all addresses of
// a name, "dns:///host:port". Of several those are used in turn that serve: one that says that it is leaving, ends, or
// falls silent for 3 s is left until it answers again.
func (n *TCP) Dial(address string) (*grpc.ClientConn, error) {
	return n.conns.dial(address, func() (*grpc.ClientConn, error) { return n.open(address) })
}

func (n *TCP) open(address string) (*grpc.ClientConn, error) {
	t, err := newTarget(address)
	if err != nil {
		return nil, err
	}
	options := append(clientOptions(n.options.Metrics), grpc.WithResolvers(t), grpc.WithAuthority("rostrum"), grpc.WithContextDialer(n.connect))
	if n.options.Security == nil {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	} else {
		options = append(options, n.options.Security.clientOptions()...)
	}
	conn, err := grpc.NewClient(t.Scheme()+":///"+t.endpoint, options...)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.targets = append(n.targets, t)
	return conn, nil
}

func (n *TCP) connect(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return watch(conn, n.options.Metrics), nil
}

// Renew makes every connection anew, with the node's certificate of now. What goes over the old ones goes on there.
func (n *TCP) Renew() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.targets {
		t.renew()
	}
}

// Close closes every connection that Dial gave out.
func (n *TCP) Close() error { return n.conns.close() }
