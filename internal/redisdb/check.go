package redisdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Oldest is the oldest major version that has all commands in use.
const Oldest = 7

// ErrUnfit says that Redis is reached and cannot be used as it is.
var ErrUnfit = errors.New("redis cannot be used as it is")

// noEviction is the one policy under which no lease or log disappears by itself.
const noEviction = "noeviction"

// Check asks what Redis is. ErrUnfit says that it answered and will not do: another mode than the client's, too old, or a
// cluster with slots that nobody serves. With any other error it could not be asked; that may pass, and the caller tries
// again.
func Check(ctx context.Context, client redis.UniversalClient) (Description, error) {
	switch c := client.(type) {
	case *redis.Client:
		return checkOne(ctx, c)
	case *redis.ClusterClient:
		return checkCluster(ctx, c)
	}
	return Description{}, fmt.Errorf("%w: a client of the kind %T", ErrUnfit, client)
}

func checkOne(ctx context.Context, client *redis.Client) (Description, error) {
	shard, mode, err := describe(ctx, client)
	if err != nil {
		return Description{}, err
	}
	if mode == "cluster" {
		return Description{}, fmt.Errorf("%w: %s is part of a cluster, and configured as a server of its own", ErrUnfit, shard.Address)
	}
	return describeAll(false, []Shard{shard})
}

func checkCluster(ctx context.Context, client *redis.ClusterClient) (Description, error) {
	told, err := client.ClusterInfo(ctx).Result()
	if err != nil && strings.Contains(err.Error(), "cluster support disabled") {
		return Description{}, fmt.Errorf("%w: it is a server of its own, and configured as a cluster", ErrUnfit)
	}
	if err != nil {
		return Description{}, fmt.Errorf("ask for the state of the redis cluster: %w", err)
	}
	if state := field(told, "cluster_state"); state != "ok" {
		return Description{}, fmt.Errorf("%w: the state of the cluster is %q", ErrUnfit, state)
	}
	var (
		mu     sync.Mutex
		shards []Shard
	)
	err = client.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		shard, _, err := describe(ctx, master)
		mu.Lock()
		defer mu.Unlock()
		shards = append(shards, shard)
		return err
	})
	if err != nil {
		return Description{}, err
	}
	return describeAll(true, shards)
}

// describe asks one server. What it keeps to itself, as servers for hire do with their configuration, stays empty.
func describe(ctx context.Context, client *redis.Client) (s Shard, mode string, err error) {
	s.Address = client.Options().Addr
	told, err := client.Info(ctx, "server", "replication").Result()
	if err != nil {
		return s, "", fmt.Errorf("ask redis at %s what it is: %w", s.Address, err)
	}
	s.Version = field(told, "redis_version")
	s.Replicas, _ = strconv.Atoi(field(told, "connected_slaves"))
	settings := redis.NewMapStringStringCmd(ctx, "config", "get", "maxmemory-policy", "appendonly", "appendfsync", "cluster-require-full-coverage")
	if client.Process(ctx, settings) == nil {
		s.Eviction, s.AllOrNothing = settings.Val()["maxmemory-policy"], settings.Val()["cluster-require-full-coverage"] == "yes"
		s.Fsync = settings.Val()["appendfsync"]
		if settings.Val()["appendonly"] == "no" {
			s.Fsync = "never"
		}
	}
	return s, field(told, "redis_mode"), nil
}

func describeAll(cluster bool, shards []Shard) (Description, error) {
	slices.SortFunc(shards, func(a, b Shard) int { return strings.Compare(a.Address, b.Address) })
	for _, shard := range shards {
		digits, _, _ := strings.Cut(shard.Version, ".")
		if major, err := strconv.Atoi(digits); err != nil || major < Oldest {
			return Description{}, fmt.Errorf("%w: %s has version %q, at least %d is needed", ErrUnfit, shard.Address, shard.Version, Oldest)
		}
	}
	return Description{Cluster: cluster, Shards: shards}, nil
}

// field reads a line "name:value" of what a server tells of itself.
func field(told, name string) string {
	for line := range strings.Lines(told) {
		if key, value, _ := strings.Cut(strings.TrimSpace(line), ":"); key == name {
			return value
		}
	}
	return ""
}
