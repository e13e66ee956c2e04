package nodestore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/lease"
	"rostrum/services/signaling"
)

// sfuIndex and edgeIndex are the sets of all nodes of a kind. All that is known of a kind shares a hash tag: else a
// cluster that lacks any one of its shards could not say which nodes there are.
const (
	sfuIndex  = "nodes:{sfu}"
	edgeIndex = "nodes:{edge}"
)

func sfuKey(node id.Node) string  { return "node:{sfu}:" + string(node) }
func edgeKey(node id.Node) string { return "node:{edge}:" + string(node) }

// AnnounceNode renews the lease of an SFU node. The newest process under a node's name has it.
func (s *Store) AnnounceNode(ctx context.Context, n signaling.Node) error {
	load, err := json.Marshal(n.Load)
	if err != nil {
		return fmt.Errorf("encode the load of %s: %w", n.ID, err)
	}
	boot := strconv.FormatUint(n.BootID, 10)
	_, err = s.leases.Seize(ctx, sfuKey(n.ID), lease.Claim{Holder: boot, Hold: signaling.LeaseTime, Fields: map[string]string{
		"address": n.Address, "region": n.Region, "boot": boot, "load": string(load),
	}})
	if err != nil {
		return fmt.Errorf("announce node %s: %w", n.ID, err)
	}
	return s.list(ctx, sfuIndex, n.ID)
}

// Nodes answers every SFU node that is remembered, alive or not.
func (s *Store) Nodes(ctx context.Context) ([]signaling.Node, error) {
	ids, leases, err := s.indexed(ctx, sfuIndex, sfuKey)
	if err != nil {
		return nil, err
	}
	nodes := make([]signaling.Node, len(ids))
	for i := range ids {
		if nodes[i], err = readNode(ids[i], leases[i]); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// Node answers one SFU node. Its address is empty where it is not remembered.
func (s *Store) Node(ctx context.Context, node id.Node) (signaling.Node, error) {
	leases, err := s.leases.Read(ctx, sfuKey(node))
	if err != nil {
		return signaling.Node{}, fmt.Errorf("read node %s: %w", node, err)
	}
	return readNode(node, leases[0])
}

// AnnounceEdge renews the lease of an edge for the control stream that speaks for it.
func (s *Store) AnnounceEdge(ctx context.Context, stream string, e signaling.Edge) error {
	load, err := json.Marshal(e.Load)
	if err != nil {
		return fmt.Errorf("encode the load of %s: %w", e.ID, err)
	}
	_, err = s.leases.Seize(ctx, edgeKey(e.ID), lease.Claim{Holder: stream, Hold: signaling.EdgeLeaseTime, Fields: map[string]string{
		"url": e.URL, "address": e.Address, "region": e.Region, "boot": strconv.FormatUint(e.BootID, 10), "load": string(load),
	}})
	if err != nil {
		return fmt.Errorf("announce edge %s: %w", e.ID, err)
	}
	return s.list(ctx, edgeIndex, e.ID)
}

// ReleaseEdge ends the lease of an edge, unless another control stream speaks for it by now.
func (s *Store) ReleaseEdge(ctx context.Context, stream string, node id.Node) error {
	leases, err := s.leases.Read(ctx, edgeKey(node))
	if err == nil {
		err = s.leases.Release(ctx, edgeKey(node), stream, leases[0].Fence)
	}
	if err != nil {
		return fmt.Errorf("release edge %s: %w", node, err)
	}
	return nil
}

// Edges answers every edge that is there.
func (s *Store) Edges(ctx context.Context) ([]signaling.Edge, error) {
	ids, leases, err := s.indexed(ctx, edgeIndex, edgeKey)
	if err != nil {
		return nil, err
	}
	edges := make([]signaling.Edge, 0, len(ids))
	for i, l := range leases {
		if !l.Held() {
			continue
		}
		e := signaling.Edge{ID: ids[i], URL: l.Fields["url"], Address: l.Fields["address"], Region: l.Fields["region"]}
		if e.BootID, e.Load, err = readFields(l); err != nil {
			return nil, fmt.Errorf("read edge %s: %w", ids[i], err)
		}
		edges = append(edges, e)
	}
	return edges, nil
}

func (s *Store) list(ctx context.Context, index string, node id.Node) error {
	if err := s.redis.SAdd(ctx, index, string(node)).Err(); err != nil {
		return fault.Unavailable(err, "the registry cannot be reached; try again")
	}
	return nil
}

// indexed answers the nodes of an index with their leases, and takes those out that the store has forgotten.
func (s *Store) indexed(ctx context.Context, index string, key func(id.Node) string) ([]id.Node, []lease.Lease, error) {
	members, err := s.redis.SMembers(ctx, index).Result()
	if err != nil {
		return nil, nil, fault.Unavailable(err, "the registry cannot be reached; try again")
	}
	keys := make([]string, len(members))
	for i, member := range members {
		keys[i] = key(id.Node(member))
	}
	all, err := s.leases.Read(ctx, keys...)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", index, err)
	}
	var (
		ids       []id.Node
		leases    []lease.Lease
		forgotten []any
	)
	for i, l := range all {
		if l.Fence == 0 {
			forgotten = append(forgotten, members[i])
			continue
		}
		ids, leases = append(ids, id.Node(members[i])), append(leases, l)
	}
	if len(forgotten) > 0 {
		if err := s.redis.SRem(ctx, index, forgotten...).Err(); err != nil {
			return nil, nil, fault.Unavailable(err, "the registry cannot be reached; try again")
		}
	}
	return ids, leases, nil
}

func readNode(node id.Node, l lease.Lease) (signaling.Node, error) {
	n := signaling.Node{ID: node, Address: l.Fields["address"], Region: l.Fields["region"], Alive: l.Held()}
	if l.Fence == 0 {
		return n, nil
	}
	var err error
	if n.BootID, n.Load, err = readFields(l); err != nil {
		return n, fmt.Errorf("read node %s: %w", node, err)
	}
	return n, nil
}

func readFields(l lease.Lease) (boot uint64, load signaling.Load, err error) {
	if boot, err = strconv.ParseUint(l.Fields["boot"], 10, 64); err != nil {
		return 0, load, err
	}
	return boot, load, json.Unmarshal([]byte(l.Fields["load"]), &load)
}
