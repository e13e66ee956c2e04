package shoot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/redis/go-redis/v9"

	"rostrum/test/cluster"
)

// Wipe is a shot after which Redis runs on and has forgotten everything.
func Wipe(_ *cluster.Cluster, p *cluster.Process) Shot {
	return Shot{
		Name: "wipe " + p.Name,
		Do: func(ctx context.Context) error {
			client := redis.NewClient(&redis.Options{Addr: p.Probe})
			defer client.Close()
			return client.FlushAll(ctx).Err()
		},
		Undo: func(context.Context) error { return nil },
	}
}

// Lose is a shot that ends Redis with its disk, and starts it again empty.
func Lose(c *cluster.Cluster, p *cluster.Process) Shot {
	return Shot{
		Name: "kill -9 " + p.Name + " with its disk",
		Do: func(context.Context) error {
			if err := p.Kill(); err != nil {
				return err
			}
			if err := os.RemoveAll(filepath.Join(c.Folder, "appendonlydir")); err != nil {
				return fmt.Errorf("remove what redis wrote: %w", err)
			}
			return nil
		},
		Undo: func(ctx context.Context) error { return c.Restart(ctx, p) },
	}
}
