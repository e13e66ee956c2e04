package listenerstate

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// stalled keeps a client from going on after an append, when it says again what is due.
type stalled struct {
	hints   atomic.Int64
	release chan struct{}
}

func (*stalled) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*stalled) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *stalled) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		if command.Name() == "zadd" && s.hints.Add(1) == 2 {
			<-s.release
		}
		return next(ctx, command)
	}
}

// TestAnAppendThatARepairDidNotSee: between an append and its acknowledgement Redis is wiped, and another instance repairs the
// log. What no offer told of is not acknowledged any more.
func TestAnAppendThatARepairDidNotSee(t *testing.T) {
	t.Parallel()
	h, server := served(t)
	stall := &stalled{release: make(chan struct{})}
	client := redis.NewClient(&redis.Options{Addr: server.Address})
	defer client.Close()
	client.AddHook(stall)
	var away atomic.Bool // for the one that stalls
	s, other := h.besides(t, &away, func(c *Config) { c.Redis = client }), h.open(t)
	key := openRoom(t, other)
	h.settled(t, key)
	away.Store(true)
	seat := request(speaker, TakeSeat{})
	type told struct {
		Answer
		err error
	}
	answered := make(chan told, 1)
	go func() {
		answer, err := s.Apply(context.Background(), key, seat)
		answered <- told{answer, err}
	}()
	testkit.Eventually(t, time.Minute, func() error {
		if stall.hints.Load() < 2 {
			return errors.New("the append is not done")
		}
		return nil
	})
	h.wipe(t)
	testkit.Eventually(t, time.Minute, func() error {
		_, err := other.View(context.Background(), key, chain.Position{})
		return err
	})
	close(stall.release)
	if got := <-answered; got.err == nil && got.Position.Term == 1 {
		t.Errorf("an event that is lost was acknowledged at %s", got.Position)
	}
	away.Store(false)
	if answer := insist(t, s.Service, key, seat); answer.Position != (chain.Position{Term: 2, Offset: 2}) {
		t.Errorf("then it is at %s", answer.Position)
	}
	h.verify(t, key)
}
