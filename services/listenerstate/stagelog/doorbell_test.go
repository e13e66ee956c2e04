package stagelog

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

func acknowledgesAndRings(t *testing.T, l *Log, _ redis.UniversalClient) {
	ctx, stop := context.WithCancel(context.Background())
	heard, missed, done := make(chan chain.Key, 16), make(chan struct{}, 64), make(chan struct{})
	go func() {
		defer close(done)
		l.Listen(ctx, Listener{
			Rung: func(key chain.Key) { heard <- key }, Called: func(chain.Key, string) {}, Missed: func() { missed <- struct{}{} },
		})
	}()
	for range l.bell.Names() {
		<-missed
	}
	key := newKey()
	head := grow(t, l, key, chain.Head{}, "a", 3)
	for _, c := range []struct {
		at   chain.Position
		want uint64
	}{{chain.Position{Term: 1, Offset: 2}, 2}, {chain.Position{Term: 1, Offset: 1}, 2}, {chain.Position{Term: 2, Offset: 3}, 2}, {head.Position, 3}} {
		wanted := error(nil)
		if l.guarded && c.at.Term == 2 {
			wanted = ErrMoved
		}
		if err := l.Acknowledge(ctx, key, c.at, ""); !errors.Is(err, wanted) {
			t.Fatal(err)
		}
		if got := read(t, l, key, chain.Position{}).Acked; got != c.want {
			t.Errorf("after %s: %d is acknowledged, want %d", c.at, got, c.want)
		}
	}
	for range 2 {
		if got := <-heard; got != key {
			t.Errorf("the doorbell says %s, want %s", got, key)
		}
	}
	stop()
	<-done
	if len(heard) != 0 {
		t.Errorf("it rang %d times more", len(heard))
	}
}
