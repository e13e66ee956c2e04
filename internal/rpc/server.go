package rpc

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"rostrum/internal/fault"
)

// maxMessage bounds what a server reads: no message of ours comes near it.
const maxMessage = 1 << 20

// NewServer makes a gRPC server whose handlers may return any error: faults cross as they are, all others become
// "internal" and are logged here, once.
func NewServer(log *slog.Logger) *grpc.Server {
	return grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
			defer func() { err = outward(log, info.FullMethod, recover(), err) }()
			return handle(ctx, request)
		}),
		grpc.ChainStreamInterceptor(func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
			defer func() { err = outward(log, info.FullMethod, recover(), err) }()
			return handle(service, stream)
		}),
	)
}

// outward turns what a handler ended with into what the caller sees.
func outward(log *slog.Logger, method string, panicked any, err error) error {
	if panicked != nil {
		log.Error("handler panicked", "method", method, "panic", panicked, "stack", string(debug.Stack()))
		return fault.Status(fault.New(fault.CodeInternal, "something went wrong on our side"))
	}
	if err == nil {
		return nil
	}
	if f := fault.From(err); f.Code == fault.CodeInternal && status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled) {
		log.Error("call failed", "method", method, "error", err)
	}
	return fault.Status(err)
}
