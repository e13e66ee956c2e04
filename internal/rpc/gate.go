package rpc

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// gate is what every call to a server passes.
type gate struct {
	log     *slog.Logger
	metrics *Metrics
	secure  bool
}

func (g gate) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	begun := time.Now()
	ctx = fromRequest(ctx)
	defer func() {
		err = g.outward(ctx, info.FullMethod, recover(), err)
		g.metrics.called(info.FullMethod, begun, err)
	}()
	if g.secure {
		if err := admit(ctx, info.FullMethod); err != nil {
			return nil, err
		}
	}
	return handle(ctx, request)
}

func (g gate) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	ctx := fromRequest(stream.Context())
	defer g.metrics.streaming(info.FullMethod)()
	defer func() { err = g.outward(ctx, info.FullMethod, recover(), err) }()
	if g.secure {
		if err := admit(ctx, info.FullMethod); err != nil {
			return err
		}
	}
	return handle(service, requested{stream, ctx})
}

// outward turns what a handler ended with into what the caller sees.
func (g gate) outward(ctx context.Context, method string, panicked any, err error) error {
	if panicked != nil {
		g.log.Error("handler panicked", "method", method, "request_id", obs.RequestID(ctx), "panic", panicked, "stack", string(debug.Stack()))
		return fault.Status(fault.New(fault.CodeInternal, "something went wrong on our side"))
	}
	if err == nil {
		return nil
	}
	if f := fault.From(err); f.Code == fault.CodeInternal && status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled) {
		g.log.Error("call failed", "method", method, "request_id", obs.RequestID(ctx), "error", err)
	}
	return fault.Status(err)
}
