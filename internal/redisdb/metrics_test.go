package redisdb

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
)

func TestCallsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	address := testkit.Redis(t)
	client := open(t, Config{Addresses: []string{address}, Metrics: registry, Timeout: 30 * time.Second})
	ctx := t.Context()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	client.Get(ctx, "nothing")
	client.SAdd(ctx, "set", "a")
	client.HMGet(ctx, "set", "a")
	client.EvalSha(ctx, "0000000000000000000000000000000000000000", []string{"set"})
	client.SMembers(ended, "set")
	client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.SAdd(ctx, "set", "b")
		pipe.SAdd(ctx, "set", "c")
		return nil
	})
	got := counted(t, registry)
	delete(got, "other ok") // also what the library says to a server first
	if want := map[string]uint64{
		"sadd ok": 1, "hmget internal": 1, "evalsha ok": 1, "smembers canceled": 1, "pipeline ok": 1,
	}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	for operation, clustered := range map[string]bool{"sadd": false, other: true} { // a cluster's layout comes first
		registry := prometheus.NewRegistry()
		client := open(t, Config{Addresses: []string{testkit.FreePort(t)}, Cluster: clustered, Metrics: registry})
		client.SAdd(t.Context(), "set", "a")
		if got := counted(t, registry); len(got) != 1 || got[operation+" unavailable"] == 0 {
			t.Errorf("cluster %v: counted %v", clustered, got)
		}
	}
}

func TestCallsOfAClusterAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	client := open(t, Config{Addresses: cluster.Start(t).Addresses, Cluster: true, Metrics: registry})
	for _, key := range []string{"{1}", "{2}", "{3}"} {
		if err := client.SAdd(t.Context(), key, "a").Err(); err != nil {
			t.Fatal(err)
		}
		server, err := At(t.Context(), client, key)
		if err == nil {
			_, err = server.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
				pipe.SRem(t.Context(), key, "a")
				pipe.Do(t.Context(), "wait", 0, 1)
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := counted(t, registry); got["sadd ok"] < 3 || got["pipeline ok"] < 3 {
		t.Errorf("counted %v", got)
	}
}

// counted answers the calls by operation and outcome.
func counted(t *testing.T, registry *prometheus.Registry) map[string]uint64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			counts[fmt.Sprint(labels["operation"], " ", labels["outcome"])] += metric.GetHistogram().GetSampleCount()
		}
	}
	return counts
}
