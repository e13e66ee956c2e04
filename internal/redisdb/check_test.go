package redisdb

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
)

func TestCheckAServer(t *testing.T) {
	client := open(t, Config{Addresses: []string{testkit.Redis(t, "--appendonly", "yes", "--appendfsync", "always")}})
	found, err := Check(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	shard := found.Shards[0]
	if found.Cluster || len(found.Shards) != 1 || shard.Replicas != 0 || shard.Fsync != "always" || shard.Eviction != "noeviction" {
		t.Errorf("found %+v", found)
	}
	if len(found.Warnings()) != 0 || !strings.HasPrefix(found.String(), "redis 7.") || !strings.Contains(found.String(), "fsync always") {
		t.Errorf("it is %s; warnings %q", found, found.Warnings())
	}
	for setting, value := range map[string]string{"maxmemory-policy": "allkeys-lru", "appendonly": "no"} {
		if err := client.ConfigSet(t.Context(), setting, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	found, err = Check(t.Context(), client)
	if err != nil || found.Shards[0].Fsync != "never" || len(found.Warnings()) != 1 || !strings.Contains(found.Warnings()[0], "allkeys-lru") {
		t.Errorf("found %+v, %v; warnings %q", found, err, found.Warnings())
	}
}

func TestCheckACluster(t *testing.T) {
	nodes := cluster.Start(t)
	client := open(t, Config{Addresses: nodes.Addresses[:1], Cluster: true})
	found, err := Check(t.Context(), client)
	if err != nil || !found.Cluster || len(found.Shards) != 3 {
		t.Fatalf("found %+v, %v", found, err)
	}
	for _, shard := range found.Shards {
		if shard.Replicas != 1 || !shard.AllOrNothing || !strings.HasPrefix(shard.Version, "7.") {
			t.Errorf("found %+v", shard)
		}
	}
	if warnings := found.Warnings(); len(warnings) != 3 || !strings.Contains(warnings[0], "cluster-require-full-coverage no") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestCheckTheOtherKind(t *testing.T) {
	one := open(t, Config{Addresses: []string{testkit.Redis(t)}, Cluster: true})
	if _, err := Check(t.Context(), one); !errors.Is(err, ErrUnfit) {
		t.Errorf("a server taken for a cluster: %v", err)
	}
	part := open(t, Config{Addresses: cluster.Start(t).Addresses[:1]})
	if _, err := Check(t.Context(), part); !errors.Is(err, ErrUnfit) {
		t.Errorf("a part of a cluster taken for a server: %v", err)
	}
	empty := open(t, Config{Addresses: []string{testkit.Redis(t, "--cluster-enabled", "yes")}, Cluster: true})
	if _, err := Check(t.Context(), empty); err == nil {
		t.Error("a cluster in which nobody serves anything is taken")
	}
	if _, err := describeAll(false, []Shard{{Address: "a:1", Version: "6.2.14"}}); !errors.Is(err, ErrUnfit) {
		t.Errorf("version 6: %v", err)
	}
	if _, err := describeAll(false, []Shard{{Address: "a:1", Version: "unknown"}}); !errors.Is(err, ErrUnfit) {
		t.Errorf("no version: %v", err)
	}
}

// WAIT says how many replicas have what was written before on the same connection.
func TestWaitingBehindAWrite(t *testing.T) {
	client := open(t, Config{Addresses: cluster.Start(t).Addresses, Cluster: true, Timeout: 30 * time.Second})
	for _, key := range []string{"a", "b", "c"} {
		server, err := At(t.Context(), client, key)
		if err != nil {
			t.Fatal(err)
		}
		var have *redis.Cmd
		_, err = server.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
			pipe.Set(t.Context(), key, "held twice", 0)
			have = pipe.Do(t.Context(), "wait", 1, 20_000)
			return nil
		})
		if replicas, _ := have.Int(); err != nil || replicas != 1 {
			t.Errorf("%s: %d replicas have it, %v", key, replicas, err)
		}
	}
	if !Sharded(client) || Sharded(redis.NewClient(&redis.Options{})) {
		t.Error("a cluster and a server are taken for each other")
	}
}
