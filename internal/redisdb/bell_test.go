package redisdb

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
)

// everywhere runs a test against all that a bell must work on.
func everywhere(t *testing.T, test func(*testing.T, redis.UniversalClient)) {
	const patient = 30 * time.Second // else a ring whose answer is late is rung again
	t.Run("miniredis", func(t *testing.T) {
		test(t, open(t, Config{Addresses: []string{miniredis.RunT(t).Addr()}, Timeout: patient}))
	})
	t.Run("redis-server", func(t *testing.T) { test(t, open(t, Config{Addresses: []string{testkit.Redis(t)}, Timeout: patient})) })
	t.Run("cluster", func(t *testing.T) {
		test(t, open(t, Config{Addresses: cluster.Start(t).Addresses, Cluster: true, Timeout: patient}))
	})
}

// ears are what a listener heard.
type ears struct {
	mu     sync.Mutex
	words  map[string]int
	missed int
}

func (e *ears) count(word string) (words, missed int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.words[word], e.missed
}

// listen hears a bell until the test is over, from when all its names are heard.
func listen(t *testing.T, b *Bell) *ears {
	t.Helper()
	e := &ears{words: map[string]int{}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Listen(ctx, func(word string) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.words[word]++
		}, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.missed++
		})
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	testkit.Eventually(t, time.Minute, func() error {
		if _, missed := e.count(""); missed < b.Names() {
			return fmt.Errorf("%d of %d names are heard", missed, b.Names())
		}
		return nil
	})
	return e
}

func TestABellIsHeardByAll(t *testing.T) {
	everywhere(t, func(t *testing.T, client redis.UniversalClient) {
		b := NewBell(client, t.Name())
		all := []*ears{listen(t, b), listen(t, b)}
		listen(t, NewBell(client, t.Name()+"-another"))
		for i := range 50 {
			key := fmt.Sprint(i)
			if heard, err := b.Ring(t.Context(), key, key); err != nil || heard != len(all) {
				t.Errorf("%s was heard by %d, %v", key, heard, err)
			}
		}
		testkit.Eventually(t, time.Minute, func() error {
			for _, e := range all {
				for i := range 50 {
					if n, _ := e.count(fmt.Sprint(i)); n != 1 {
						return fmt.Errorf("%d was heard %d times", i, n)
					}
				}
			}
			return nil
		})
		if plain := b.Plain(); (plain == "") != Sharded(client) {
			t.Errorf("a script may publish on %q", plain)
		}
	})
}

// The connections of listeners are cut; they come back, say that something may be missed, and hear again.
func TestABellIsHeardAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, client redis.UniversalClient) {
		if _, embedded := client.(*redis.Client); embedded && client.ConfigGet(t.Context(), "port").Err() != nil {
			t.Skip("it cannot cut connections")
		}
		b := NewBell(client, t.Name())
		e := listen(t, b)
		_, before := e.count("")
		cut := func(ctx context.Context, server *redis.Client) error {
			return server.ClientKillByFilter(ctx, "TYPE", "pubsub").Err()
		}
		var err error
		switch c := client.(type) {
		case *redis.Client:
			err = cut(t.Context(), c)
		case *redis.ClusterClient:
			err = c.ForEachMaster(t.Context(), cut)
		}
		if err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, time.Minute, func() error {
			if _, missed := e.count(""); missed < before+b.Names() {
				return fmt.Errorf("%d times something may have been missed, %d times before", missed, before)
			}
			return nil
		})
		for i := range 50 {
			key := fmt.Sprint(i)
			testkit.Eventually(t, time.Minute, func() error {
				_, err := b.Ring(t.Context(), key, key)
				if n, _ := e.count(key); err != nil || n == 0 {
					return fmt.Errorf("%s is not heard, %v", key, err)
				}
				return nil
			})
		}
	})
}

// A master is killed; what hung there is heard at its replica.
func TestABellSurvivesItsShard(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	nodes := cluster.Start(t)
	b := NewBell(open(t, Config{Addresses: nodes.Addresses, Cluster: true}), t.Name())
	e := listen(t, b)
	killed := nodes.Kill(t, b.of(0))
	rings := 0
	testkit.Eventually(t, 60*time.Second, func() error {
		for part := range Parts {
			key, word := "{"+Tag(part)+"}", fmt.Sprint("again ", part)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := b.Ring(ctx, key, word)
			cancel()
			rings++
			if n, _ := e.count(word); err != nil || n == 0 {
				return fmt.Errorf("part %d was not heard, %v", part, err)
			}
		}
		return nil
	})
	nodes.Revive(t, killed)
	t.Logf("heard everywhere again after %d rings", rings)
}
