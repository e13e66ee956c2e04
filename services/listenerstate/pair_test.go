package listenerstate

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
)

// newPairHouse stands on a Redis with a replica, and acknowledges what the replica has.
func newPairHouse(t testing.TB, options ...string) *house {
	t.Helper()
	return houseOf(t, testkit.RedisPair(t, options...))
}

func houseOf(t testing.TB, pair *testkit.Pair) *house {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: "the pair", Dialer: pair.Dial})
	t.Cleanup(func() { client.Close() })
	h := &house{client: client, now: noon, acknowledge: AcknowledgeLog}
	h.archive, h.keys = newArchive(t)
	return h
}
