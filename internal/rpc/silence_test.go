package rpc

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// What a working server does for a minute is never taken for silence, whatever its calls wait for.
func TestAWorkingConnectionIsNeverSilent(t *testing.T) {
	for name, use := range map[string]func(context.Context, *testing.T, *grpc.ClientConn){
		"idle":       func(ctx context.Context, _ *testing.T, _ *grpc.ClientConn) { <-ctx.Done() },
		"slow calls": slowCalls,
		"one way": func(ctx context.Context, t *testing.T, conn *grpc.ClientConn) {
			oneWay(ctx, t, conn, 300*time.Millisecond)
		},
		"one way, 1s": func(ctx context.Context, t *testing.T, conn *grpc.ClientConn) { oneWay(ctx, t, conn, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				metrics, err := NewMetrics(prometheus.NewRegistry())
				if err != nil {
					t.Fatal(err)
				}
				listener := bufconn.Listen(64 << 10)
				server := NewServer(slog.New(slog.DiscardHandler), Options{})
				c := &control{name: "one", delay: 20 * time.Second}
				signalingv1.RegisterSignalingServer(server, c)
				signalingv1.RegisterNodesServer(server, c)
				go server.Serve(listener)
				connect := func(ctx context.Context, _ string) (net.Conn, error) {
					conn, err := listener.DialContext(ctx)
					if err != nil {
						return nil, err
					}
					return watch(conn, metrics), nil
				}
				conn, err := grpc.NewClient("passthrough:///one", append(clientOptions(metrics),
					grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(connect))...)
				if err != nil {
					t.Fatal(err)
				}
				conn.Connect()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				use(ctx, t, conn)
				<-ctx.Done()
				cancel()
				if got := value(t, metrics.silents); got != 0 {
					t.Errorf("%v connections were ended for silence", got)
				}
				conn.Close()
				server.Stop()
			})
		})
	}
}

func slowCalls(ctx context.Context, t *testing.T, conn *grpc.ClientConn) {
	for range 2 {
		bounded, cancel := context.WithTimeout(ctx, 25*time.Second)
		if _, err := signalingv1.NewSignalingClient(conn).FindEdges(bounded, &signalingv1.FindEdgesRequest{}); err != nil {
			t.Error(err)
		}
		cancel()
	}
}

func oneWay(ctx context.Context, t *testing.T, conn *grpc.ClientConn, every time.Duration) {
	stream, err := signalingv1.NewNodesClient(conn).Control(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			load := &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Load{Load: &signalingv1.Load{}}}
			if err := stream.Send(load); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func TestSilenceEndsAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		begun := time.Now()
		w := watch(here, nil)
		go func() {
			for range 5 {
				time.Sleep(2 * time.Second)
				there.Write([]byte{1})
			}
		}()
		heard := 0
		for {
			if _, err := w.Read(make([]byte, 1)); err != nil {
				break
			}
			heard++
		}
		if took := time.Since(begun); heard != 5 || took != 13*time.Second {
			t.Errorf("ended after %v and %d bytes", took, heard)
		}
		there.Close()
	})
}
