package app

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"
)

// startKeys loads or makes the process's keys.
func (a *App) startKeys(context.Context) (err error) {
	a.keys, err = loadKeys(a.cfg.Folder)
	return err
}

// startBolt opens the embedded store.
func (a *App) startBolt(context.Context) error {
	path := filepath.Join(a.cfg.Folder, "rostrum.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("open %s (is another process using it?): %w", path, err)
	}
	a.bolt = db
	a.onClose("bolt", func(context.Context) error { return db.Close() })
	return nil
}

// startRedis starts the embedded Redis. It holds nothing that the embedded store does not hold too.
func (a *App) startRedis(context.Context) error {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the embedded redis: %w", err)
	}
	a.redis = redis.NewClient(&redis.Options{Addr: server.Addr(), DisableIdentity: true})
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
		err := a.redis.Close()
		server.Close()
		return err
	})
	return nil
}
