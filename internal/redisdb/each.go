package redisdb

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Each runs a script once for each of keys, with the same arguments, in one pipeline; in a cluster that is one per server,
// all at once. Replies are in the order of keys.
func Each(ctx context.Context, client redis.UniversalClient, script *redis.Script, keys []string, args ...any) ([]*redis.Cmd, error) {
	replies, err := each(ctx, client, script.EvalSha, keys, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // one of several servers may lack it: new, or started again
		replies, err = each(ctx, client, script.Eval, keys, args)
	}
	return replies, err
}

type run func(ctx context.Context, to redis.Scripter, keys []string, args ...any) *redis.Cmd

func each(ctx context.Context, client redis.UniversalClient, run run, keys []string, args []any) ([]*redis.Cmd, error) {
	replies := make([]*redis.Cmd, len(keys))
	_, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, key := range keys {
			replies[i] = run(ctx, pipe, []string{key}, args...)
		}
		return nil
	})
	return replies, err
}
