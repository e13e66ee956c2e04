package nodestore

import (
	"context"
	"fmt"
	"strconv"

	"rostrum/internal/id"
	"rostrum/internal/lease"
	"rostrum/services/signaling"
)

// reserved is the rising field that holds the number below which all may have been given.
const reserved = "reserved"

func homeKey(key signaling.RoomKey) string { return "home:{" + key.String() + "}" }

// AcquireProgram appoints an origin under a new epoch. Fault: conflict where another node's appointment is in force.
func (s *Store) AcquireProgram(ctx context.Context, b signaling.Bid) (signaling.Program, error) {
	l, err := s.leases.Acquire(ctx, homeKey(b.RoomKey), claim(b), b.Epoch)
	if err != nil {
		return signaling.Program{}, fmt.Errorf("acquire the program of %s: %w", b.RoomKey, err)
	}
	return readProgram(l), nil
}

// RenewProgram holds an appointment and raises the reserved number. Fault: conflict where there is a newer epoch.
func (s *Store) RenewProgram(ctx context.Context, b signaling.Bid, reserve uint64) (signaling.Program, error) {
	c := claim(b)
	c.Rising = map[string]uint64{reserved: reserve}
	l, err := s.leases.Renew(ctx, homeKey(b.RoomKey), c, b.Epoch)
	if err != nil {
		return signaling.Program{}, fmt.Errorf("renew the program of %s: %w", b.RoomKey, err)
	}
	return readProgram(l), nil
}

// ReleaseProgram ends an appointment; one that is no longer in force is left alone.
func (s *Store) ReleaseProgram(ctx context.Context, b signaling.Bid) error {
	if err := s.leases.Release(ctx, homeKey(b.RoomKey), string(b.Node), b.Epoch); err != nil {
		return fmt.Errorf("release the program of %s: %w", b.RoomKey, err)
	}
	return nil
}

// Programs answers the appointments of rooms, in the order of keys, with what is known of their nodes.
func (s *Store) Programs(ctx context.Context, keys ...signaling.RoomKey) ([]signaling.Program, error) {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = homeKey(key)
	}
	leases, err := s.leases.Read(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("read programs: %w", err)
	}
	programs := make([]signaling.Program, len(keys))
	nodes := map[id.Node]signaling.Node{}
	for i, l := range leases {
		programs[i] = readProgram(l)
		if node := programs[i].Node.ID; node != "" {
			nodes[node] = signaling.Node{ID: node}
		}
	}
	if err := s.fill(ctx, nodes); err != nil {
		return nil, err
	}
	for i, p := range programs {
		programs[i].Node = nodes[p.Node.ID]
	}
	return programs, nil
}

// fill reads the nodes that a map names.
func (s *Store) fill(ctx context.Context, nodes map[id.Node]signaling.Node) error {
	var ids []id.Node
	var keys []string
	for node := range nodes {
		ids, keys = append(ids, node), append(keys, sfuKey(node))
	}
	leases, err := s.leases.Read(ctx, keys...)
	if err != nil {
		return fmt.Errorf("read nodes: %w", err)
	}
	for i, node := range ids {
		if nodes[node], err = readNode(node, leases[i]); err != nil {
			return err
		}
	}
	return nil
}

func claim(b signaling.Bid) lease.Claim {
	fields := map[string]string{"node": string(b.Node)}
	if b.Boot != 0 {
		fields["boot"] = strconv.FormatUint(b.Boot, 10)
	}
	return lease.Claim{Holder: string(b.Node), Hold: signaling.LeaseTime, Fields: fields}
}

func readProgram(l lease.Lease) signaling.Program {
	return signaling.Program{
		Epoch: l.Fence, Reserved: l.Rising[reserved], Node: signaling.Node{ID: id.Node(l.Fields["node"])}, Held: l.Held(),
		Released: l.Fence > 0 && l.Holder == "",
	}
}
