package rpc

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/prometheus/client_golang/prometheus"

	relayv1 "rostrum/proto/rostrum/relay/v1"
)

// puller sends batches as fast as they are taken.
type puller struct {
	relayv1.UnimplementedRelayServer
	item *relayv1.PullItem
}

func (p puller) Pull(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
	for {
		if err := stream.Send(p.item); err != nil {
			return err
		}
	}
}

// BenchmarkPull compares a message of a pull through our servers and connections with one through bare gRPC.
func BenchmarkPull(b *testing.B) {
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	for _, name := range []string{"ours", "bare"} {
		b.Run(name, func(b *testing.B) {
			server, options := grpc.NewServer(), []grpc.DialOption{plain}
			if name == "ours" {
				server = NewServer(slog.New(slog.DiscardHandler), Options{Metrics: metrics}).Server
				options = append(clientOptions(metrics), plain)
			}
			listener := bufconn.Listen(256 << 10)
			relayv1.RegisterRelayServer(server, puller{item: &relayv1.PullItem{Item: &relayv1.PullItem_Batch{Batch: make([]byte, 900)}}})
			go server.Serve(listener)
			defer server.Stop()
			conn, err := grpc.NewClient("passthrough:///x", append(options, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			stream, err := relayv1.NewRelayClient(conn).Pull(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := stream.Recv(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
