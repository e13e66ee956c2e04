package lease

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
)

const hold = 1500 * time.Millisecond

// everywhere runs a test against both servers that the store must work on.
func everywhere(t *testing.T, test func(*testing.T, *Store)) {
	t.Run("miniredis", func(t *testing.T) {
		server := miniredis.RunT(t)
		test(t, New(connect(t, server.Addr())))
	})
	t.Run("redis-server", func(t *testing.T) { test(t, New(connect(t, testkit.Redis(t)))) })
}

func TestOnlyOneHoldsALease(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: time.Hour, Fields: map[string]string{"boot": "7"}}, 0)
		if err != nil || first.Holder != "a" || !first.Held() || first.Fields["boot"] != "7" {
			t.Fatalf("a got %+v, %v", first, err)
		}
		if now := uint64(time.Now().UnixMilli()); first.Fence > now || first.Fence < now-60_000 {
			t.Errorf("fence %d is not the time in milliseconds (%d)", first.Fence, now)
		}
		refused, err := s.Acquire(ctx, "home", Claim{Holder: "b", Hold: time.Hour}, 0)
		if !fault.Is(err, fault.CodeConflict) || refused.Holder != "a" || refused.Fence != first.Fence {
			t.Errorf("b got %+v, %v", refused, err)
		}
		again, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: time.Hour}, first.Fence+1000_000)
		if err != nil || again.Fence != first.Fence+1000_001 || again.Fields["boot"] != "7" {
			t.Errorf("a again got %+v, %v", again, err)
		}
		if _, err := s.Renew(ctx, "home", Claim{Holder: "a", Hold: time.Hour}, first.Fence); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("a renewed a fence of before: %v", err)
		}
		if err := s.Release(ctx, "home", "a", first.Fence); err != nil {
			t.Error(err)
		}
		if now := one(t, s, "home"); !now.Held() {
			t.Errorf("released by an older fence: %+v", now)
		}
	})
}

func TestWhatAReleaseLeavesKnown(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"reserved": 50}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Release(ctx, "home", "a", first.Fence); err != nil {
			t.Fatal(err)
		}
		free := one(t, s, "home")
		if free.Held() || free.Holder != "" || free.Fence != first.Fence || free.Rising["reserved"] != 50 {
			t.Errorf("after the release: %+v", free)
		}
		if _, err := s.Renew(ctx, "home", Claim{Holder: "a", Hold: hold}, first.Fence); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("renewed a released lease: %v", err)
		}
		second, err := s.Acquire(ctx, "home", Claim{Holder: "b", Hold: hold}, 0)
		if err != nil || second.Fence <= first.Fence || second.Rising["reserved"] != 50 {
			t.Errorf("b got %+v, %v", second, err)
		}
	})
}

func TestRisingFieldsNeverFall(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		l, err := s.Acquire(t.Context(), "home", Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": 1 << 40}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ write, want uint64 }{{3, 1 << 40}, {1<<40 + 1, 1<<40 + 1}, {0, 1<<40 + 1}, {Limit, Limit}} {
			got, err := s.Renew(t.Context(), "home", Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": c.write}}, l.Fence)
			if err != nil || got.Rising["n"] != c.want {
				t.Errorf("wrote %d: %+v, %v", c.write, got, err)
			}
		}
		above := Claim{Holder: "a", Hold: hold, Rising: map[string]uint64{"n": Limit + 1}}
		if _, err := s.Renew(t.Context(), "home", above, l.Fence); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("above the limit: %v", err)
		}
	})
}

func TestAForgottenLeaseIsTakenUpByItsHolder(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		l, err := s.Renew(ctx, "home", Claim{Holder: "a", Hold: hold}, 700)
		if err != nil || l.Fence != 700 || l.Holder != "a" || !l.Held() {
			t.Errorf("a got %+v, %v", l, err)
		}
		if _, err := s.Renew(ctx, "home", Claim{Holder: "b", Hold: hold}, 700); !fault.Is(err, fault.CodeConflict) {
			t.Errorf("b under the same fence: %v", err)
		}
		if l, err := s.Renew(ctx, "home", Claim{Holder: "b", Hold: hold}, 701); err != nil || l.Holder != "b" {
			t.Errorf("b under a higher fence: %+v, %v", l, err)
		}
	})
}

func TestSeizing(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		first, err := s.Seize(ctx, "node", Claim{Holder: "n/1", Hold: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		same, err := s.Seize(ctx, "node", Claim{Holder: "n/1", Hold: time.Hour})
		if err != nil || same.Fence != first.Fence {
			t.Errorf("the same holder got %+v, %v", same, err)
		}
		other, err := s.Seize(ctx, "node", Claim{Holder: "n/2", Hold: time.Hour})
		if err != nil || other.Fence <= first.Fence || other.Holder != "n/2" {
			t.Errorf("the other holder got %+v, %v", other, err)
		}
	})
}

// Of many that race for a free lease one gets it, and each appointment has its own number.
func TestRace(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		var (
			work    sync.WaitGroup
			mu      sync.Mutex
			holders []string
		)
		for i := range 16 {
			work.Go(func() {
				name := strconv.Itoa(i)
				_, err := s.Acquire(t.Context(), "home", Claim{Holder: name, Hold: time.Hour}, 0)
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
		if len(holders) != 1 || one(t, s, "home").Holder != holders[0] {
			t.Errorf("appointed: %v", holders)
		}
	})
}

func TestALeaseRunsOut(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		first, err := s.Acquire(ctx, "home", Claim{Holder: "a", Hold: 5 * time.Millisecond}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var second Lease
		testkit.Eventually(t, 10*time.Second, func() (err error) {
			second, err = s.Acquire(ctx, "home", Claim{Holder: "b", Hold: hold}, 0)
			return err
		})
		if second.Fence <= first.Fence {
			t.Errorf("fence %d after %d", second.Fence, first.Fence)
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

func connect(t *testing.T, address string) redis.UniversalClient {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	t.Cleanup(func() { client.Close() })
	return client
}
