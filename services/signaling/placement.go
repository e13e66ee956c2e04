package signaling

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rostrum/internal/id"
)

// choose answers the node that should host a room, leaving out those that were tried in vain.
//
// A program in force stays where it is. One that ran out goes back to its node, which may only have been unable to
// renew and then still makes it; asking it is the probe that must fail before a room moves. Then the least loaded.
func choose(nodes []Node, p Program, key RoomKey, tried map[id.Node]bool) (Node, bool) {
	known := p.Node.ID != "" && p.Node.Address != ""
	if p.Held || known && !tried[p.Node.ID] {
		return p.Node, known && !tried[p.Node.ID]
	}
	alive := slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return !n.Alive || tried[n.ID] })
	if len(alive) == 0 {
		return Node{}, false
	}
	return slices.MinFunc(alive, func(a, b Node) int { return compareNodes(a, b, key) }), true
}

// compareNodes orders by tenths of CPU, since smaller differences are noise, then by what the node carries. Equally
// busy nodes share rooms by hash, so that many placed within one announcement do not all go to one.
func compareNodes(a, b Node, key RoomKey) int {
	return cmp.Or(
		cmp.Compare(int(a.Load.CPU*10), int(b.Load.CPU*10)),
		cmp.Compare(a.Load.Sessions, b.Load.Sessions),
		cmp.Compare(a.Load.Rooms, b.Load.Rooms),
		cmp.Compare(rendezvous(b.ID, key), rendezvous(a.ID, key)),
		cmp.Compare(a.ID, b.ID),
	)
}

// rendezvous is the weight of a node for a room (highest random weight; Thaler and Ravishankar, 1998).
func rendezvous(node id.Node, key RoomKey) uint64 {
	return xxhash.Sum64String(key.String() + "@" + string(node))
}
