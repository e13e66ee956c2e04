package rpc

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"
)

const (
	dnsPrefix = "dns:///"
	// maxAddresses bounds the instances of one role.
	maxAddresses = 64
)

// target is where a connection goes: a list of addresses, or a name. It resolves itself (resolver.Builder).
type target struct {
	scheme    string
	endpoint  string
	addresses []resolver.Address // none for a name

	mu       sync.Mutex
	conn     resolver.ClientConn // nil until it is used
	state    resolver.State
	renewals int
}

// renewal marks an address, so that gRPC takes it for another than before.
type renewal struct{}

func newTarget(address string) (*target, error) {
	if name, found := strings.CutPrefix(address, dnsPrefix); found {
		_, _, err := net.SplitHostPort(name)
		return &target{scheme: "dns", endpoint: name}, err
	}
	all := strings.Split(address, ",")
	if len(all) > maxAddresses {
		return nil, fmt.Errorf("%d addresses are more than %d", len(all), maxAddresses)
	}
	t := &target{scheme: "rostrum"}
	for i, one := range all {
		all[i] = strings.TrimSpace(one)
		if _, _, err := net.SplitHostPort(all[i]); err != nil {
			return nil, err
		}
		t.addresses = append(t.addresses, resolver.Address{Addr: all[i]})
	}
	t.endpoint = strings.Join(all, ",")
	return t, nil
}

// Scheme is what gRPC knows this resolver by, within its one connection.
func (t *target) Scheme() string { return t.scheme }

// Build begins to resolve for a connection; gRPC does it anew after an idle time.
func (t *target) Build(to resolver.Target, conn resolver.ClientConn, options resolver.BuildOptions) (resolver.Resolver, error) {
	t.mu.Lock()
	t.conn = conn
	t.mu.Unlock()
	if t.scheme == "dns" {
		return resolver.Get("dns").Build(to, named{conn, t}, options)
	}
	return fixed{}, t.tell(resolver.State{Addresses: t.addresses})
}

// tell passes on what was resolved, in the addresses' newest life.
func (t *target) tell(s resolver.State) error {
	t.mu.Lock()
	t.state = s
	conn, mark := t.conn, attributes.New(renewal{}, t.renewals)
	t.mu.Unlock()
	if conn == nil {
		return nil
	}
	s.Addresses = marked(s.Addresses, mark)
	s.Endpoints = slices.Clone(s.Endpoints)
	for i, e := range s.Endpoints {
		s.Endpoints[i].Addresses = marked(e.Addresses, mark)
	}
	return conn.UpdateState(s)
}

// renew makes gRPC open every connection again. It lets calls end on those that it leaves.
func (t *target) renew() {
	t.mu.Lock()
	t.renewals++
	state := t.state
	t.mu.Unlock()
	if len(state.Addresses)+len(state.Endpoints) > 0 {
		t.tell(state) // what the balancer thinks of the same addresses was heard before
	}
}

func marked(addresses []resolver.Address, mark *attributes.Attributes) []resolver.Address {
	out := slices.Clone(addresses)
	for i := range out {
		out[i].Attributes = mark
	}
	return out
}

// fixed is a resolver that has said everything.
type fixed struct{}

func (fixed) ResolveNow(resolver.ResolveNowOptions) {}
func (fixed) Close()                                {}

// named marks what gRPC's own resolver of names says.
type named struct {
	resolver.ClientConn
	target *target
}

func (n named) UpdateState(s resolver.State) error { return n.target.tell(s) }
