package nodestore

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rostrum/internal/fault"
	"rostrum/internal/redisdb"
	"rostrum/internal/testkit"
)

func TestMemoryGrowsAndIsLost(t *testing.T) {
	server := miniredis.RunT(t)
	s, start := connect(t, server.Addr()), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, age := range []time.Duration{0, time.Minute, time.Hour} {
		server.SetTime(start.Add(age))
		if memory, err := s.Touch(t.Context()); err != nil || memory != age {
			t.Errorf("it remembers %v, %v, want %v", memory, err, age)
		}
	}
	server.FlushAll()
	if memory, err := s.Touch(t.Context()); err != nil || memory != 0 {
		t.Errorf("without anything it remembers %v, %v", memory, err)
	}
	server.Close()
	if _, err := s.Touch(t.Context()); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("away: %v", err)
	}
}

// One shard of three comes up empty: what the others remember does not count.
func TestOneShardForgets(t *testing.T) {
	everywhere(t, func(t *testing.T, s *Store) {
		grown := func(least time.Duration) {
			testkit.Eventually(t, 30*time.Second, func() error {
				memory, err := s.Touch(t.Context())
				if err == nil && memory < least {
					err = fmt.Errorf("it remembers %v", memory)
				}
				return err
			})
		}
		grown(300 * time.Millisecond)
		for _, key := range []string{memoryKeys()[0], memoryKeys()[redisdb.Parts-1]} {
			server, err := redisdb.At(t.Context(), s.redis, key)
			if err == nil {
				err = server.FlushAll(t.Context()).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			memory, err := s.Touch(t.Context())
			if took := time.Since(begun); err != nil || memory > took+100*time.Millisecond {
				t.Errorf("a shard was emptied, and it remembers %v, %v", memory, err)
			}
			grown(300 * time.Millisecond)
		}
	})
}
