package rpc

import (
	"context"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

const (
	// maxMessage bounds what a server reads: no message of ours comes near it.
	maxMessage = 1 << 20
	// maxStreams bounds the calls on one connection: an edge pulls up to 10,000 rooms over one.
	maxStreams = 1 << 15
)

// Server is a gRPC server that tells its clients whether it serves.
type Server struct {
	*grpc.Server
	health *health.Server
}

// NewServer makes a server whose handlers may return any error: faults cross as they are, all others become "internal"
// and are logged here, once.
func NewServer(log *slog.Logger, o Options) *Server {
	g := gate{log: log, metrics: o.Metrics, secure: o.Security != nil}
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: silentAfter + silentGrace}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.StatsHandler(serverTraces()),
		grpc.ChainUnaryInterceptor(g.unary),
		grpc.ChainStreamInterceptor(g.stream),
	}
	if o.Security != nil {
		options = append(options, grpc.Creds(o.Security.server()))
	}
	s := &Server{grpc.NewServer(options...), health.NewServer()}
	grpc_health_v1.RegisterHealthServer(s.Server, s.health)
	return s
}

// Serve serves until Stop or Leave, then answers nil. Every service that was registered is said to serve.
func (s *Server) Serve(l net.Listener) error {
	for name := range s.GetServiceInfo() {
		s.health.SetServingStatus(name, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	return s.Server.Serve(l)
}

// Leave says that the server no longer serves, so that clients go elsewhere, lets calls end, and stops. What is left when
// ctx ends is cut.
func (s *Server) Leave(ctx context.Context) {
	s.health.Shutdown()
	defer context.AfterFunc(ctx, s.Stop)()
	s.GracefulStop()
}
