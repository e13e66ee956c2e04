package nodestore

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/redisdb"
)

//go:embed touch.lua
var touchSource string

// memoryKeys say since when the registry remembers: each goes with everything else when its server comes up empty. Every
// shard of a cluster has one, for each can be away, or come up empty, by itself.
func memoryKeys() []string {
	keys := make([]string, redisdb.Parts)
	for part := range keys {
		keys[part] = "registry:memory:{" + redisdb.Tag(part) + "}"
	}
	return keys
}

// Touch writes to every server of the registry and answers how far back the memory goes of the one with the shortest, by
// its own clock.
func (s *Store) Touch(ctx context.Context) (memory time.Duration, err error) {
	replies, err := redisdb.Each(ctx, s.redis, s.touch, memoryKeys())
	if ctx.Err() != nil {
		return 0, fmt.Errorf("touch the registry: %w", ctx.Err())
	}
	memory = time.Duration(math.MaxInt64)
	for _, reply := range replies {
		if err != nil {
			break
		}
		var ms int64
		ms, err = reply.Int64()
		memory = min(memory, time.Duration(ms)*time.Millisecond)
	}
	if err != nil {
		return 0, fault.Unavailable(err, "the registry cannot be reached; try again")
	}
	return memory, nil
}
