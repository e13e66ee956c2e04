package rpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/authority"
	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// both calls until two servers have answered.
func both(t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	seen := map[string]bool{}
	testkit.Eventually(t, time.Minute, func() error {
		server, _, err := find(conn)
		if err != nil {
			return err
		}
		if seen[server] = true; len(seen) < 2 {
			return fmt.Errorf("only %v answered", seen)
		}
		return nil
	})
}

func TestOneOfTwoServersIsLeft(t *testing.T) {
	a := newAuthority(t)
	for name, end := range map[string]func(*Server){
		"stopped": func(s *Server) { s.Stop() },
		"leaving": func(s *Server) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			s.Leave(ctx)
		},
	} {
		for _, security := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " secure ", security), func(t *testing.T) {
				var o, client Options
				if security {
					o.Security, client.Security = secure(t, a, 0, "sig", authority.Signaling), secure(t, a, 0, "api", authority.MobileAPI)
				}
				one, first := start(t, &control{name: "one", delay: time.Millisecond}, o)
				two, _ := start(t, &control{name: "two", delay: time.Millisecond}, o)
				conn := dial(t, client, one+","+two)
				both(t, conn)
				var callers sync.WaitGroup
				const calling = 3 // with the one below: five that fail at once are more than are repeated
				stop, failed := make(chan struct{}), make(chan error, calling)
				for range calling {
					callers.Go(func() {
						for {
							select {
							case <-stop:
								return
							default:
							}
							if _, _, err := find(conn); err != nil {
								failed <- err
								return
							}
						}
					})
				}
				end(first)
				for range 20 {
					if server, _, err := find(conn); err != nil || server != "two" {
						t.Errorf("%q, %v", server, err)
					}
				}
				close(stop)
				callers.Wait()
				close(failed)
				for err := range failed {
					t.Errorf("a call failed: %v", err)
				}
			})
		}
	}
}

// A server that is frozen takes calls and answers none. They move to the other within seconds, streams too.
func TestAFrozenServerIsLeft(t *testing.T) {
	a := newAuthority(t)
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Security: secure(t, a, 0, "sig", authority.Signaling)}
	one, _ := start(t, &control{name: "one"}, o)
	two, _ := start(t, &control{name: "two"}, o)
	p, frozen := newProxy(t, one)
	conn := dial(t, Options{Security: secure(t, a, 0, "api", authority.MobileAPI, authority.Edge), Metrics: metrics}, frozen+","+two)
	both(t, conn)
	streams := [2]grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder]{}
	for i := range streams { // one to each
		if streams[i], err = signalingv1.NewNodesClient(conn).Control(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := streams[i].Send(&signalingv1.EdgeReport{}); err != nil {
			t.Fatal(err)
		}
		if _, err := streams[i].Recv(); err != nil {
			t.Fatal(err)
		}
	}
	lost := make(chan error, len(streams))
	for _, stream := range streams {
		go func() {
			_, err := stream.Recv()
			lost <- err
		}()
	}
	begun := time.Now()
	p.freeze()
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			answer, err := signalingv1.NewSignalingClient(conn).FindEdges(ctx, &signalingv1.FindEdgesRequest{})
			if err != nil || answer.GetEdges()[0].GetNode() != "two" {
				t.Errorf("%v after %v: %v", answer, time.Since(begun), err)
			}
		})
	}
	callers.Wait()
	t.Logf("all calls were answered by the other after %v", time.Since(begun))
	select {
	case err := <-lost:
		if !fault.Is(fault.From(err), fault.CodeUnavailable) {
			t.Errorf("the stream ended with %v", err)
		}
		t.Logf("the stream ended after %v", time.Since(begun))
	case <-time.After(time.Minute):
		t.Error("the stream goes on in silence")
	}
	select {
	case err := <-lost:
		t.Errorf("the other stream was lost too: %v", err)
	default:
	}
	if got := value(t, metrics.silents); got < 1 {
		t.Errorf("%v silent connections", got)
	}
	if got := value(t, metrics.repeats); got < 1 {
		t.Errorf("%v repeated calls", got)
	}
}

func TestLeavingIsBounded(t *testing.T) {
	c := &control{name: "one", ended: make(chan struct{})}
	address, server := start(t, c, Options{})
	conn := dial(t, Options{}, address)
	stream, err := signalingv1.NewNodesClient(conn).Control(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&signalingv1.EdgeReport{}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan struct{})
	go func() {
		defer close(left)
		server.Leave(ctx)
	}()
	testkit.Eventually(t, time.Minute, func() error {
		if _, _, err := find(conn); err == nil {
			return errors.New("a server that leaves takes calls")
		}
		return nil
	})
	if err := stream.Send(&signalingv1.EdgeReport{}); err != nil {
		t.Error(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Errorf("a stream of a server that leaves ended before its time: %v", err)
	}
	cancel()
	<-left
	if _, err := stream.Recv(); err == nil {
		t.Error("the stream outlived its server")
	}
}

func TestAddressesAreChecked(t *testing.T) {
	network := NewTCP(Options{})
	defer network.Close()
	for _, address := range []string{"", "host", "a:1,b", "a:1,,b:1", "dns:///host"} {
		if _, err := network.Dial(address); err == nil {
			t.Errorf("%q was dialled", address)
		}
	}
	one, _ := start(t, &control{name: "one"}, Options{})
	for _, address := range []string{one, " " + one + " , " + one, "dns:///" + one} {
		conn, err := network.Dial(address)
		if err != nil {
			t.Fatal(err)
		}
		if server, _, err := find(conn); err != nil || server != "one" {
			t.Errorf("%q: %q, %v", address, server, err)
		}
	}
}
