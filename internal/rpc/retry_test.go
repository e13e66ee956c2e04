package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// elsewhere answers everything with unavailable and counts how often it was asked.
type elsewhere struct {
	relayv1.UnimplementedRelayServer
	signalingv1.UnimplementedNodesServer
	listenerstatev1.UnimplementedListenerStateServer
	asked atomic.Int32
}

func (e *elsewhere) refuse() error {
	e.asked.Add(1)
	return fault.New(fault.CodeUnavailable, "not at home here")
}

func (e *elsewhere) Pull(grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	return e.refuse()
}

func (e *elsewhere) Control(grpc.BidiStreamingServer[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	return e.refuse()
}

func (e *elsewhere) Watch(*listenerstatev1.WatchRequest, grpc.ServerStreamingServer[listenerstatev1.WatchResponse]) error {
	return e.refuse()
}

func (e *elsewhere) GetStage(context.Context, *listenerstatev1.GetStageRequest) (*listenerstatev1.GetStageResponse, error) {
	return nil, e.refuse()
}

// TestStreamsAreTriedOnce asks a server that refuses everything: how often it was asked is how often a call is tried.
func TestStreamsAreTriedOnce(t *testing.T) {
	calls := map[string]struct {
		tries int32
		call  func(*grpc.ClientConn) error
	}{
		"Pull": {1, func(conn *grpc.ClientConn) error {
			stream, err := relayv1.NewRelayClient(conn).Pull(t.Context(), grpc.WaitForReady(true))
			if err != nil {
				return err
			}
			_ = stream.Send(&relayv1.PullRequest{}) // what became of the stream is told by Recv
			_, err = stream.Recv()
			return err
		}},
		"Control": {1, func(conn *grpc.ClientConn) error {
			stream, err := signalingv1.NewNodesClient(conn).Control(t.Context())
			if err != nil {
				return err
			}
			_ = stream.Send(&signalingv1.EdgeReport{})
			_, err = stream.Recv()
			return err
		}},
		"Watch": {1, func(conn *grpc.ClientConn) error {
			stream, err := listenerstatev1.NewListenerStateClient(conn).Watch(t.Context(), &listenerstatev1.WatchRequest{})
			if err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		}},
		"GetStage": {4, func(conn *grpc.ClientConn) error {
			_, err := listenerstatev1.NewListenerStateClient(conn).GetStage(t.Context(), &listenerstatev1.GetStageRequest{})
			return err
		}},
	}
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			e, conn := serveElsewhere(t)
			if err := c.call(conn); !fault.Is(fault.From(err), fault.CodeUnavailable) {
				t.Errorf("got %v", err)
			}
			if asked := e.asked.Load(); asked != c.tries {
				t.Errorf("asked %d times, want %d", asked, c.tries)
			}
		})
	}
}

// TestTriesOfEveryMethod keeps the policy's list of streams what the protocol says: a stream that is missing there would
// be tried four times.
func TestTriesOfEveryMethod(t *testing.T) {
	_, conn := serveElsewhere(t)
	_, _ = relayv1.NewRelayClient(conn).Pull(t.Context(), grpc.WaitForReady(true)) // a policy holds from the first connection on
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			if !strings.HasPrefix(string(service.FullName()), "rostrum.") {
				continue
			}
			for k := range service.Methods().Len() {
				method := service.Methods().Get(k)
				name := "/" + string(service.FullName()) + "/" + string(method.Name())
				streams := method.IsStreamingClient() || method.IsStreamingServer()
				if repeats := conn.GetMethodConfig(name).RetryPolicy != nil; repeats == streams {
					t.Errorf("%s: is a stream: %v; is repeated: %v", name, streams, repeats)
				}
			}
		}
		return true
	})
}

func serveElsewhere(t *testing.T) (*elsewhere, *grpc.ClientConn) {
	t.Helper()
	network := NewTCP(Options{})
	t.Cleanup(func() { network.Close() })
	listener, err := network.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e, server := &elsewhere{}, NewServer(slog.New(slog.DiscardHandler), Options{})
	relayv1.RegisterRelayServer(server, e)
	signalingv1.RegisterNodesServer(server, e)
	listenerstatev1.RegisterListenerStateServer(server, e)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	conn, err := network.Dial(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return e, conn
}
