package rpc

import (
	"slices"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"

	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// endless are the methods that make no span: it would end with the stream, hours later.
var endless = []string{
	listenerstatev1.ListenerState_Watch_FullMethodName, signalingv1.Nodes_Control_FullMethodName, relayv1.Relay_Pull_FullMethodName,
	grpc_health_v1.Health_Watch_FullMethodName, grpc_health_v1.Health_Check_FullMethodName,
}

// The spans go to the tracer provider of the process. Messages are no events of them, and figures are Prometheus's.
func clientTraces() stats.Handler { return otelgrpc.NewClientHandler(traceOptions()...) }
func serverTraces() stats.Handler { return otelgrpc.NewServerHandler(traceOptions()...) }

func traceOptions() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithMeterProvider(noop.NewMeterProvider()),
		otelgrpc.WithFilter(func(call *stats.RPCTagInfo) bool { return !isEndless(call.FullMethodName) }),
	}
}

func isEndless(method string) bool { return slices.Contains(endless, method) }
