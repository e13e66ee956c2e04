package testkit

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A master is killed; what it held is answered by its replica, and it comes back as the replica of that.
func TestRedisClusterSurvivesItsMaster(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	cluster := RedisCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addresses, ClusterStateReloadInterval: time.Second})
	defer client.Close()
	for _, key := range []string{"a", "b", "c"} {
		if err := client.Set(t.Context(), key, "kept", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	killed := cluster.Kill(t, "a")
	Eventually(t, 60*time.Second, func() error { return client.Set(t.Context(), "a", "new", 0).Err() })
	cluster.Revive(t, killed)
	if again := cluster.Kill(t, "a"); again == killed {
		t.Errorf("%s is the master again, without a reason", killed)
	}
	Eventually(t, 60*time.Second, func() error { return client.Get(t.Context(), "a").Err() })
}
