package signaling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rostrum/internal/id"
)

// mostDescribed bounds how many nodes an explanation names.
const mostDescribed = 8

// Reason says why a room is where it is.
type Reason string

const (
	// ReasonKept: the origin's appointment is in force.
	ReasonKept Reason = "kept"
	// ReasonReturned: the appointment ran out, and the node still answers.
	ReasonReturned Reason = "returned"
	// ReasonFirst: the room had no home, and the node is the least loaded.
	ReasonFirst Reason = "first"
	// ReasonMoved: the home gave the room back or is gone, and the node is the least loaded.
	ReasonMoved Reason = "moved"
)

// choose answers the node that should host a room, leaving out those that were tried in vain, and why.
//
// A program in force stays where it is. One that ran out goes back to its node, which may only have been unable to
// renew and then still makes it; asking it is the probe that must fail before a room moves. Then the least loaded.
func choose(nodes []Node, p Program, key RoomKey, tried map[id.Node]bool) (Node, Reason, bool) {
	known := p.Node.ID != "" && p.Node.Address != ""
	switch open := known && !tried[p.Node.ID]; {
	case p.Held:
		return p.Node, ReasonKept, open
	case open:
		return p.Node, ReasonReturned, true
	}
	alive := slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return !n.Alive || tried[n.ID] })
	if len(alive) == 0 {
		return Node{}, "", false
	}
	why := ReasonMoved
	if p.Epoch == 0 {
		why = ReasonFirst
	}
	return slices.MinFunc(alive, func(a, b Node) int { return compareNodes(a, b, key) }), why, true
}

// recall answers the appointment of a room that the registry has forgotten, as its stage log knows it: the newest epoch and
// its node, which is asked first where it has announced itself again.
func recall(anchored Program, nodes []Node) Program {
	if i := slices.IndexFunc(nodes, func(n Node) bool { return n.ID == anchored.Node.ID }); i >= 0 {
		anchored.Node = nodes[i]
	}
	return anchored
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

// describe lists nodes as people read them.
func describe(nodes []Node) string {
	var out strings.Builder
	for i, n := range nodes {
		if i > 0 {
			out.WriteString(", ")
		}
		if i == mostDescribed {
			fmt.Fprintf(&out, "and %d more", len(nodes)-i)
			break
		}
		fmt.Fprintf(&out, "%s (", n.ID)
		if !n.Alive {
			out.WriteString("silent, ")
		}
		fmt.Fprintf(&out, "CPU %.0f %%, %d sessions, %d rooms)", 100*n.Load.CPU, n.Load.Sessions, n.Load.Rooms)
	}
	return out.String()
}

// rendezvous is the weight of a node for a room (highest random weight; Thaler and Ravishankar, 1998).
func rendezvous(node id.Node, key RoomKey) uint64 {
	return xxhash.Sum64String(key.String() + "@" + string(node))
}
