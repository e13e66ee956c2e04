package redisdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	bellChecked = 2 * time.Second // a silent subscription is asked whether it lives, and has as long to answer
	bellPause   = 200 * time.Millisecond
)

// Bell tells words to whoever listens at the moment, over pub/sub. They are hints: each may be lost, doubled or late.
//
// On one server it is one name. In a cluster, where every server would pass a word under one name on to every other, it
// has a name for each of the Parts, that only the shard of that part knows.
type Bell struct {
	client  redis.UniversalClient
	name    string
	sharded bool
}

// NewBell makes a bell of a name; the client stays the caller's.
func NewBell(client redis.UniversalClient, name string) *Bell {
	return &Bell{client: client, name: name, sharded: Sharded(client)}
}

// Plain answers the name under which a script may tell a word itself, with PUBLISH, or "" where it must not: then Ring is
// to be called behind the script, since the bell may hang at another shard than the script's keys.
func (b *Bell) Plain() string {
	if b.sharded {
		return ""
	}
	return b.name
}

// Ring tells a word about a key, and answers how many heard it.
func (b *Bell) Ring(ctx context.Context, key, word string) (heard int, err error) {
	var n int64
	if b.sharded {
		n, err = b.client.SPublish(ctx, b.of(Part(key)), word).Result()
	} else {
		n, err = b.client.Publish(ctx, b.name, word).Result()
	}
	if err != nil {
		return 0, fmt.Errorf("ring %s: %w", b.name, err)
	}
	return int(n), nil
}

func (b *Bell) of(part int) string { return b.name + ":{" + Tag(part) + "}" }

// Names is how many subscriptions Listen holds.
func (b *Bell) Names() int {
	if b.sharded {
		return Parts
	}
	return 1
}

// Listen calls heard for every word until ctx ends, and missed whenever some may have been missed: once for each of Names
// when it listens at first, and after every lost connection. Both must return at once, and may be called at the same time
// as themselves and each other.
func (b *Bell) Listen(ctx context.Context, heard func(word string), missed func()) {
	if !b.sharded {
		b.attend(ctx, func() *redis.PubSub { return b.client.Subscribe(ctx, b.name) }, heard, missed)
		return
	}
	var names sync.WaitGroup
	for part := range Parts {
		names.Go(func() {
			b.attend(ctx, func() *redis.PubSub { return b.client.SSubscribe(ctx, b.of(part)) }, heard, missed)
		})
	}
	names.Wait()
}

// attend subscribes to a name again and again.
func (b *Bell) attend(ctx context.Context, subscribe func() *redis.PubSub, heard func(string), missed func()) {
	for ctx.Err() == nil {
		b.hear(ctx, subscribe(), heard, missed)
		if cluster, is := b.client.(*redis.ClusterClient); is {
			cluster.ReloadState(ctx) // the library does not for subscriptions; it only asks for it
		}
		select {
		case <-time.After(bellPause/2 + rand.N(bellPause)):
		case <-ctx.Done():
		}
	}
}

// hear listens until a subscription breaks off, falls silent or is taken away, as it is where its slot moves.
func (b *Bell) hear(ctx context.Context, subscription *redis.PubSub, heard func(string), missed func()) {
	left := context.AfterFunc(ctx, func() { _ = subscription.Close() }) // reading does not end with ctx
	defer func() {
		if left() {
			_ = subscription.Close()
		}
	}()
	asked := false
	for {
		message, err := subscription.ReceiveTimeout(ctx, bellChecked)
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() && !asked {
			if subscription.Ping(ctx) != nil {
				return
			}
			asked = true
			continue
		}
		if err != nil {
			return
		}
		asked = false
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Kind != "subscribe" && m.Kind != "ssubscribe" {
				return
			}
			missed()
		case *redis.Message:
			heard(m.Payload)
		}
	}
}
