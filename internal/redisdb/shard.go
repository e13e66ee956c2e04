package redisdb

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// At answers the client of the one server that holds a key now, which stays the given client's to close. It is for
// pipelines whose commands must go over one connection, as WAIT behind a write does: a cluster's own client sends each
// command of a pipeline to the shard of its key, and one without a key anywhere. The answer does not follow a slot that
// moves: after an error with MOVED or READONLY the server is to be asked for anew.
func At(ctx context.Context, client redis.UniversalClient, key string) (*redis.Client, error) {
	switch c := client.(type) {
	case *redis.Client:
		return c, nil
	case *redis.ClusterClient:
		server, err := c.MasterForKey(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("find the server of %s: %w", key, err)
		}
		return server, nil
	}
	return nil, fmt.Errorf("find the server of %s: a client of the kind %T", key, client)
}

// Sharded says whether a client speaks to a cluster.
func Sharded(client redis.UniversalClient) bool {
	_, is := client.(*redis.ClusterClient)
	return is
}
