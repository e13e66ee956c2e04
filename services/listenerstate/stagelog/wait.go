package stagelog

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// run runs a script and, where wait is above 0, waits for up to that time until a replica has what it wrote. WAIT counts
// for what its own connection wrote, so it goes down the same one behind the script. It answers how many replicas do.
func (l *Log) run(ctx context.Context, script *redis.Script, keys []string, args []any, wait time.Duration) (*redis.Cmd, int64, error) {
	if wait <= 0 {
		answer := script.Run(ctx, l.client, keys, args...)
		return answer, 0, answer.Err()
	}
	shard, err := l.shard(ctx, keys[0])
	if err != nil {
		return nil, 0, fmt.Errorf("find the shard of %s: %w", keys[0], err)
	}
	answer, replicas := pipelined(ctx, shard, wait, func(pipe redis.Pipeliner) *redis.Cmd { return script.EvalSha(ctx, pipe, keys, args...) })
	if redis.HasErrorPrefix(answer.Err(), "NOSCRIPT") {
		answer, replicas = pipelined(ctx, shard, wait, func(pipe redis.Pipeliner) *redis.Cmd { return script.Eval(ctx, pipe, keys, args...) })
	}
	if elsewhere(answer.Err()) { // the client of the whole cluster follows; who is to be waited for is known next time
		answer, replicas = script.Run(ctx, l.client, keys, args...), 0
	}
	return answer, replicas, answer.Err()
}

func pipelined(ctx context.Context, shard redis.Cmdable, wait time.Duration, script func(redis.Pipeliner) *redis.Cmd) (*redis.Cmd, int64) {
	var answer, waited *redis.Cmd
	// Each of the two answers has its own error.
	_, _ = shard.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		answer = script(pipe)
		waited = pipe.Do(ctx, "WAIT", 1, max(wait.Milliseconds(), 1)) // 0 would be without end
		return nil
	})
	replicas, err := waited.Int64()
	if err != nil {
		replicas = 0
	}
	return answer, replicas
}

// shard is the server that holds a key.
func (l *Log) shard(ctx context.Context, key string) (redis.Cmdable, error) {
	if cluster, ok := l.client.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, key)
	}
	return l.client, nil
}

// elsewhere says that a server of a cluster does not serve a key any more.
func elsewhere(err error) bool {
	return redis.HasErrorPrefix(err, "MOVED") || redis.HasErrorPrefix(err, "ASK") || redis.HasErrorPrefix(err, "TRYAGAIN")
}

// Hold waits for up to a time until a replica has everything up to a position, whoever appended it; false: none has it yet.
// Only for guarded logs. Errors: ErrMoved where the log ends before or is in another term; ErrLost, ErrRepairing,
// ErrRestarted. The life is as of Acknowledge.
func (l *Log) Hold(ctx context.Context, key chain.Key, at chain.Position, life string, wait time.Duration) (bool, error) {
	k := keysOf(key)
	answered, replicas, err := l.run(ctx, l.hold, []string{k.head, k.repair}, []any{at.Term, at.Offset, life}, wait)
	if err != nil {
		return false, fmt.Errorf("hold %s of stage log %s: %w", at, key, err)
	}
	answer, err := answered.Text()
	if err == nil && answer != "ok" {
		err = refusal(answer)
	}
	if err != nil {
		return false, fmt.Errorf("hold %s of stage log %s: %w", at, key, err)
	}
	return replicas > 0, nil
}
