package redisdb

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// operations are the commands that are told apart.
var operations = map[string]bool{
	"eval": true, "evalsha": true, "hmget": true, "set": true, "sadd": true, "smembers": true, "spublish": true, "srem": true, "zadd": true,
}

const (
	pipeline = "pipeline" // one call, as is a transaction
	other    = "other"
)

// hook times the calls of a client.
type hook struct {
	calls  *obs.Calls
	reload func() // of a cluster's layout; returns at once
}

// Observe times the calls of a client that was not used yet; a nil registry takes no figures. On one server a call has its
// retries in it; in a cluster each try counts, by the server that it went to, so that calls over At count too.
//
// A client of a cluster looks for the cluster's layout anew after a call that failed: by itself the library does so at
// once only where a server says that a slot has moved, and one that is dead says nothing.
func Observe(client redis.UniversalClient, registry prometheus.Registerer) error {
	calls, err := obs.NewCalls(registry, "redis", "Time of a call to Redis, by command and what came of it.")
	if err != nil {
		return err
	}
	cluster, is := client.(*redis.ClusterClient)
	if !is {
		client.AddHook(&hook{calls: calls, reload: func() {}})
		return nil
	}
	h := &hook{calls: calls, reload: func() { cluster.ReloadState(context.Background()) }} // it only asks for it
	cluster.OnNewNode(func(server *redis.Client) { server.AddHook(h) })
	return nil
}

func (h *hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		operation := command.Name()
		if !operations[operation] {
			operation = other
		}
		within, done := h.calls.Begin(ctx, operation)
		err := next(within, command)
		h.end(ctx, done, err)
		return err
	}
}

func (h *hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		within, done := h.calls.Begin(ctx, pipeline)
		err := next(within, commands)
		h.end(ctx, done, err)
		return err
	}
}

func (h *hook) end(ctx context.Context, done func(error), err error) {
	came := meaning(ctx, err)
	done(came)
	if came != nil {
		h.reload()
	}
}

// meaning tells apart what a call came to: there is nothing, and a script that a server has yet to learn, are answers.
func meaning(ctx context.Context, err error) error {
	var answer redis.Error
	switch {
	case err == nil, errors.Is(err, redis.Nil), redis.HasErrorPrefix(err, "NOSCRIPT"):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case redis.HasErrorPrefix(err, "MOVED"), redis.HasErrorPrefix(err, "ASK"):
		return fault.New(fault.CodeMoved, "another server has it")
	case errors.As(err, &answer) && !passes(err):
		return err
	}
	return fault.Unavailable(err, "redis does not answer")
}

// passes says of an answer that it is one of a server that is not ready for calls.
func passes(err error) bool {
	return redis.IsClusterDownError(err) || redis.IsLoadingError(err) || redis.IsMasterDownError(err) || redis.IsReadOnlyError(err) ||
		redis.IsTryAgainError(err)
}
