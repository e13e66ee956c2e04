package app

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/redisdb"
)

// startRedis opens the Redis that is configured, or the embedded one.
func (a *App) startRedis(context.Context) error {
	if a.cfg.Embedded {
		return a.embedRedis()
	}
	c := a.cfg.Redis
	client, err := redisdb.Open(redisdb.Config{
		Addresses: c.Addresses, Cluster: c.Cluster, Username: c.Username, Password: c.Password, TLS: c.TLS,
		Name: string(a.cfg.Node), Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.redis = client
	a.onClose("redis", func(context.Context) error { return client.Close() })
	a.need("redis", func(ctx context.Context) error {
		found, err := redisdb.Check(ctx, client)
		if err != nil {
			return err
		}
		a.log.Info("redis is there", "servers", found.String())
		for _, warning := range found.Warnings() {
			a.log.Warn("redis", "warning", warning)
		}
		return nil
	})
	return nil
}

// embedRedis starts a Redis in this process. It holds nothing that the embedded store does not hold too.
func (a *App) embedRedis() error {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the embedded redis: %w", err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), DisableIdentity: true})
	if err := redisdb.Observe(client, a.registry); err != nil {
		return err
	}
	a.redis = client
	aging := time.NewTicker(time.Second)
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() { // its keys do not age by themselves
		defer close(done)
		for {
			select {
			case <-aging.C:
				server.FastForward(time.Second)
			case <-stopped:
				return
			}
		}
	}()
	a.onClose("redis", func(context.Context) error {
		aging.Stop()
		close(stopped)
		<-done
		err := client.Close()
		server.Close()
		return err
	})
	return nil
}
