package relay

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/id"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

// node serves a relay on loopback.
type node struct {
	address string
	find    atomic.Pointer[func() (*Room, error)]
	server  *Server
	grpc    *grpc.Server
}

func (n *node) Find(context.Context, id.App, id.Room) (*Room, error) { return (*n.find.Load())() }

func (n *node) answer(find func() (*Room, error)) { n.find.Store(&find) }

func newNode(t *testing.T, find func() (*Room, error)) *node {
	t.Helper()
	return newStrictNode(t, find, time.Minute)
}

// newStrictNode is a node that cuts who takes nothing for a while.
func newStrictNode(t *testing.T, find func() (*Room, error), slowAfter time.Duration) *node {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &node{address: listener.Addr().String(), grpc: grpc.NewServer()}
	n.answer(find)
	if n.server, err = NewServer(ServerConfig{Rooms: n, SlowAfter: slowAfter}); err != nil {
		t.Fatal(err)
	}
	serve(t, n.grpc, listener, n.server)
	t.Cleanup(func() { n.server.Close() })
	return n
}

func serve(t *testing.T, server *grpc.Server, listener net.Listener, relay relayv1.RelayServer) {
	relayv1.RegisterRelayServer(server, relay)
	var served sync.WaitGroup
	served.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { server.Stop(); served.Wait() })
}

// scripted is an upstream that misbehaves.
type scripted struct {
	relayv1.UnimplementedRelayServer
	script func(grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error
}

func (s *scripted) Pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	return s.script(stream)
}
