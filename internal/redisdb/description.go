package redisdb

import (
	"fmt"
	"strings"
)

// Description is what Redis is, as Check found it.
type Description struct {
	Cluster bool
	Shards  []Shard // by address; one where it is no cluster
}

// Shard is a server that holds keys.
type Shard struct {
	Address  string
	Version  string
	Replicas int // that are connected
	// Eviction is the maxmemory-policy; "" where it cannot be read.
	Eviction string
	// Fsync is when the append-only file is synced: always, everysec, no; "never" without such a file; "" where it cannot
	// be read.
	Fsync string
	// AllOrNothing says that the shard refuses calls while any other has nobody to serve it.
	AllOrNothing bool
}

// Version is the first shard's.
func (d Description) Version() string { return d.Shards[0].Version }

// Warnings are what may lose keys or calls without need, in a sentence each.
func (d Description) Warnings() []string {
	var warnings []string
	for _, s := range d.Shards {
		if s.Eviction != "" && s.Eviction != noEviction {
			warnings = append(warnings, fmt.Sprintf("%s drops keys when memory is short (maxmemory-policy %s): leases and stage logs may vanish; set %s", s.Address, s.Eviction, noEviction))
		}
		if d.Cluster && s.Replicas == 0 {
			warnings = append(warnings, fmt.Sprintf("%s has no replica: nobody takes its place", s.Address))
		}
		if d.Cluster && s.AllOrNothing {
			warnings = append(warnings, fmt.Sprintf("%s refuses all calls while one shard fails over: set cluster-require-full-coverage no", s.Address))
		}
	}
	return warnings
}

// String is one line for a log.
func (d Description) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "redis %s", d.Version())
	if d.Cluster {
		fmt.Fprintf(&b, ", a cluster of %d shards", len(d.Shards))
	}
	least, fsync := d.Shards[0].Replicas, d.Shards[0].Fsync
	for _, s := range d.Shards[1:] {
		least = min(least, s.Replicas)
		if s.Fsync != fsync {
			fsync = "different"
		}
	}
	fmt.Fprintf(&b, ", replicas %d", least)
	if fsync != "" {
		fmt.Fprintf(&b, ", fsync %s", fsync)
	}
	return b.String()
}
