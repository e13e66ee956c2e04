package lease

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/redisdb"
	"rostrum/internal/testkit"
)

const hold = 1500 * time.Millisecond

var cluster testkit.SharedCluster

func TestMain(m *testing.M) {
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// everywhere runs a test against all that the store must work on, with a key of its own.
func everywhere(t *testing.T, test func(t *testing.T, s *Store, key string)) {
	key := func() string { return "home:{" + string(id.NewRoom()) + "}" }
	t.Run("miniredis", func(t *testing.T) { test(t, New(connect(t, miniredis.RunT(t).Addr())), key()) })
	t.Run("redis-server", func(t *testing.T) { test(t, New(connect(t, testkit.Redis(t))), key()) })
	t.Run("cluster", func(t *testing.T) { test(t, New(connect(t, cluster.Start(t).Addresses...)), key()) })
}

func TestOnlyOneHoldsALease(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, key, Claim{Holder: "a", Hold: time.Hour, Fields: map[string]string{"boot": "7"}}, 0)
		if err != nil || first.Holder != "a" || !first.Held() || first.Fields["boot"] != "7" {
			t.Fatalf("a got %+v, %v", first, err)
		}
		if now := uint64(time.Now().UnixMilli()); first.Fence > now || first.Fence < now-60_000 {
			t.Errorf("fence %d is not the time in milliseconds (%d)", first.Fence, now)
		}
		refused, err := s.Acquire(ctx, key, Claim{Holder: "b", Hold: time.Hour}, 0)
		if !fault.Is(err, fault.CodeConflict) || refused.Holder != "a" || refused.Fence != first.Fence {
			t.Errorf("b got %+v, %v", refused, err)
		}
		again, err := s.Acquire(ctx, key, Claim{Holder: "a", Hold: time.Hour}, first.Fence+1000_000)
		if err != nil || again.Fence != first.Fence+1000_001 || again.Fields["boot"] != "7" {
			t.Errorf("a again got %+v, %v", again, err)
		}
		if _, err := s.Renew(ctx, key, Claim{Holder: "a", Hold: time.Hour}, first.Fence); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("a renewed a fence of before: %v", err)
		}
		if err := s.Release(ctx, key, "a", first.Fence); err != nil {
			t.Error(err)
		}
		if now := one(t, s, key); !now.Held() {
			t.Errorf("released by an older fence: %+v", now)
		}
	})
}

func TestWhatAReleaseLeavesKnown(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, key, Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"reserved": 50}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Release(ctx, key, "a", first.Fence); err != nil {
			t.Fatal(err)
		}
		free := one(t, s, key)
		if free.Held() || free.Holder != "" || free.Fence != first.Fence || free.Rising["reserved"] != 50 {
			t.Errorf("after the release: %+v", free)
		}
		if _, err := s.Renew(ctx, key, Claim{Holder: "a", Hold: hold}, first.Fence); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("renewed a released lease: %v", err)
		}
		second, err := s.Acquire(ctx, key, Claim{Holder: "b", Hold: hold}, 0)
		if err != nil || second.Fence <= first.Fence || second.Rising["reserved"] != 50 {
			t.Errorf("b got %+v, %v", second, err)
		}
	})
}

func TestRisingFieldsNeverFall(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		l, err := s.Acquire(t.Context(), key, Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": 1 << 40}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ write, want uint64 }{{3, 1 << 40}, {1<<40 + 1, 1<<40 + 1}, {0, 1<<40 + 1}, {Limit, Limit}} {
			got, err := s.Renew(t.Context(), key, Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": c.write}}, l.Fence)
			if err != nil || got.Rising["n"] != c.want {
				t.Errorf("wrote %d: %+v, %v", c.write, got, err)
			}
		}
		above := Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": Limit + 1}}
		if _, err := s.Renew(t.Context(), key, above, l.Fence); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("above the limit: %v", err)
		}
	})
}

func TestAForgottenLeaseIsTakenUpByItsHolder(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		ctx := t.Context()
		l, err := s.Renew(ctx, key, Claim{Holder: "a", Hold: hold}, 700)
		if err != nil || l.Fence != 700 || l.Holder != "a" || !l.Held() {
			t.Errorf("a got %+v, %v", l, err)
		}
		if _, err := s.Renew(ctx, key, Claim{Holder: "b", Hold: hold}, 700); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("b under the same fence: %v", err)
		}
		if l, err := s.Renew(ctx, key, Claim{Holder: "b", Hold: hold}, 701); err != nil || l.Holder != "b" {
			t.Errorf("b under a higher fence: %+v, %v", l, err)
		}
	})
}

func TestSeizing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		ctx := t.Context()
		first, err := s.Seize(ctx, key, Claim{Holder: "n/1", Hold: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		same, err := s.Seize(ctx, key, Claim{Holder: "n/1", Hold: time.Hour})
		if err != nil || same.Fence != first.Fence {
			t.Errorf("the same holder got %+v, %v", same, err)
		}
		other, err := s.Seize(ctx, key, Claim{Holder: "n/2", Hold: time.Hour})
		if err != nil || other.Fence <= first.Fence || other.Holder != "n/2" {
			t.Errorf("the other holder got %+v, %v", other, err)
		}
	})
}

// Of many that race for a free lease one gets it, and each appointment has its own number.
func TestRace(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		var (
			work    sync.WaitGroup
			mu      sync.Mutex
			holders []string
		)
		for i := range 16 {
			work.Go(func() {
				name := strconv.Itoa(i)
				_, err := s.Acquire(t.Context(), key, Claim{Holder: name, Hold: time.Hour}, 0)
				if err != nil && !fault.Is(err, fault.CodeConflict) {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					holders = append(holders, name)
				}
			})
		}
		work.Wait()
		if len(holders) != 1 || one(t, s, key).Holder != holders[0] {
			t.Errorf("appointed: %v", holders)
		}
	})
}

func TestALeaseRunsOut(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, key, Claim{Holder: "a", Hold: 5 * time.Millisecond}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var second Lease
		testkit.Eventually(t, time.Minute, func() (err error) {
			second, err = s.Acquire(ctx, key, Claim{Holder: "b", Hold: hold}, 0)
			return err
		})
		if second.Fence <= first.Fence {
			t.Errorf("fence %d after %d", second.Fence, first.Fence)
		}
	})
}

// Keys of one read lie on all shards, and one of the shards has just been started again.
func TestReadingManyLeases(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store, key string) {
		var keys []string
		for i := range 60 {
			keys = append(keys, fmt.Sprintf("%s:{%d}", key[6:], i))
			if i%3 == 0 {
				continue // never given
			}
			if _, err := s.Acquire(t.Context(), keys[i], Claim{Holder: keys[i], Hold: time.Hour}, uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			leases, err := s.Read(t.Context(), keys...)
			if err != nil || len(leases) != len(keys) {
				t.Fatalf("%d leases, %v", len(leases), err)
			}
			for i, l := range leases {
				if want := keys[i]; i%3 == 0 && l.Fence != 0 || i%3 != 0 && l.Holder != want {
					t.Errorf("lease %d is %+v", i, l)
				}
			}
			server, err := redisdb.At(t.Context(), s.redis, keys[7])
			if err == nil {
				err = server.ScriptFlush(t.Context()).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The store's clock is stepped back by an hour: numbers rise all the same, and a dead holder does not keep its lease
// for that hour.
func TestClockStepsBack(t *testing.T) {
	server := miniredis.RunT(t)
	s, ctx := New(connect(t, server.Addr())), t.Context()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	server.SetTime(start)
	first, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"reserved": 50}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	server.SetTime(start.Add(-time.Hour))
	if l := one(t, s, "home"); l.Left != hold {
		t.Errorf("after the step %v are left, want the lease's length", l.Left)
	}
	if _, err := s.Acquire(ctx, "home", Claim{Holder: "b", Hold: hold}, 0); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("right after the step: %v", err)
	}
	server.SetTime(start.Add(-time.Hour + hold))
	second, err := s.Acquire(ctx, "home", Claim{Holder: "b", Hold: hold}, 0)
	if err != nil || second.Fence != first.Fence+1 || second.Rising["reserved"] != 50 {
		t.Errorf("b got %+v, %v, want fence %d", second, err, first.Fence+1)
	}
	server.SetTime(start.Add(time.Hour))
	third, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: hold}, 0)
	if err != nil || third.Fence != uint64(start.Add(time.Hour).UnixMilli()) {
		t.Errorf("a got %+v, %v", third, err)
	}
}

func TestAStoreThatIsAwayIsAPassingFault(t *testing.T) {
	server := miniredis.RunT(t)
	s := New(connect(t, server.Addr()))
	server.Close()
	if _, err := s.Acquire(t.Context(), "home", Claim{Holder: "a", Hold: hold}, 0); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("acquire: %v", err)
	}
	if _, err := s.Read(t.Context(), "home"); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("read: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(ended, "home"); fault.Is(err, fault.CodeUnavailable) || err == nil {
		t.Errorf("read after the caller left: %v", err)
	}
}

func one(t *testing.T, s *Store, key string) Lease {
	t.Helper()
	leases, err := s.Read(t.Context(), key)
	if err != nil || len(leases) != 1 {
		t.Fatalf("read %s: %v, %v", key, leases, err)
	}
	return leases[0]
}

func connect(t testing.TB, addresses ...string) redis.UniversalClient {
	t.Helper()
	client, err := redisdb.Open(redisdb.Config{Addresses: addresses, Cluster: len(addresses) > 1, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
