package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	_ "google.golang.org/grpc/health" // clients follow servers' health
)

// callTimeout bounds a unary call whose caller set no deadline.
const callTimeout = 5 * time.Second

// maxAnswer bounds what a client reads. The largest answer is a stage with 20,000 raised hands.
const maxAnswer = 56 << 20

// policy repeats unary calls that no server took or one answered with unavailable, with jitter, and stops when more than a
// tenth of calls fail (gRFC A6). They are safe to repeat because every command carries an id. Streams are tried once: who
// opens one has a back-off of its own and wants to hear at once that it is at the wrong node. Servers are used in turn, and
// left while they say that they are leaving (grpc.health.v1).
const policy = `{"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""},
"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.05s","maxBackoff":"1s",
"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}},
{"name":[{"service":"rostrum.listenerstate.v1.ListenerState","method":"Watch"},
{"service":"rostrum.relay.v1.Relay","method":"Pull"},
{"service":"rostrum.signaling.v1.Nodes","method":"Control"}]}],
"retryThrottling":{"maxTokens":10,"tokenRatio":0.1}}`

func clientOptions(m *Metrics) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithDefaultServiceConfig(policy),
		grpc.WithDisableServiceConfig(), // a name's TXT record has no say
		grpc.WithChainUnaryInterceptor(bound),
		grpc.WithChainStreamInterceptor(carry),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}),
		grpc.WithStatsHandler(clientTraces()),
	}
	if m != nil {
		options = append(options, grpc.WithStatsHandler(attempts{m}))
	}
	return options
}

func bound(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if _, set := ctx.Deadline(); !set {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	return invoke(withRequestID(counted(ctx)), method, request, reply, conn, options...)
}

func carry(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(withRequestID(counted(ctx)), desc, conn, method, options...)
}
