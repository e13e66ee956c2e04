package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"rostrum/internal/obs"
)

// requestKey is the metadata that carries a request's id from role to role.
const requestKey = "rostrum-request-id"

func withRequestID(ctx context.Context) context.Context {
	if id := obs.RequestID(ctx); id != "" {
		return metadata.AppendToOutgoingContext(ctx, requestKey, id)
	}
	return ctx
}

// fromRequest answers ctx with the id that the caller sent, where it sent one.
func fromRequest(ctx context.Context) context.Context {
	if ids := metadata.ValueFromIncomingContext(ctx, requestKey); len(ids) == 1 && obs.IsRequestID(ids[0]) {
		return obs.WithRequestID(ctx, ids[0])
	}
	return ctx
}

// requested is a server's stream whose context knows its request.
type requested struct {
	grpc.ServerStream
	ctx context.Context
}

func (r requested) Context() context.Context { return r.ctx }
