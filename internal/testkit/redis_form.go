package testkit

import (
	"context"
	"fmt"
	"net"
	"time"
)

// form makes servers that know nothing of each other a cluster.
func (c *Cluster) form(ctx context.Context) error {
	for i, s := range c.servers {
		err := until(ctx, func() error { return s.client.Ping(ctx).Err() })
		if err == nil && i < shards {
			err = s.client.ClusterAddSlotsRange(ctx, i*slots/shards, (i+1)*slots/shards-1).Err()
		}
		if err == nil { // each its own, so that they need not settle who is the newest
			err = s.client.Do(ctx, "cluster", "set-config-epoch", i+1).Err()
		}
		if err != nil {
			return fmt.Errorf("prepare %s: %w", s.address, err)
		}
	}
	for _, s := range c.servers {
		for _, other := range c.servers {
			if other == s {
				continue
			}
			host, port, _ := net.SplitHostPort(other.address)
			if err := s.client.Do(ctx, "cluster", "meet", host, port, other.bus).Err(); err != nil {
				return fmt.Errorf("introduce %s to %s: %w", other.address, s.address, err)
			}
		}
	}
	for i, s := range c.servers[shards:] {
		master, err := c.servers[i].client.ClusterMyID(ctx).Result()
		if err == nil { // refused while the replica has not met its master
			err = until(ctx, func() error { return s.client.ClusterReplicate(ctx, master).Err() })
		}
		if err != nil {
			return fmt.Errorf("make %s the replica of %s: %w", s.address, c.servers[i].address, err)
		}
	}
	return until(ctx, func() error { return c.whole(ctx) })
}

// until tries again until it works or ctx ends; the error is then the last.
func until(ctx context.Context, try func() error) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return err
		}
	}
}
