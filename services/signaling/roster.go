package signaling

import (
	"maps"
	"slices"
	"sync"

	"rostrum/internal/id"
)

// roster knows all edges: those with a control stream here, as they are now, and the others as the registry last told.
// It answers while the registry is away.
type roster struct {
	mu    sync.Mutex
	here  map[id.Node]link
	known []Edge
}

// link is an edge and the control stream that speaks for it; of two streams of one edge the newer does.
type link struct {
	stream string
	edge   Edge
}

func newRoster() *roster { return &roster{here: map[id.Node]link{}} }

func (r *roster) join(stream string, e Edge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.here[e.ID] = link{stream, e}
}

func (r *roster) report(stream string, node id.Node, load Load) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l, found := r.here[node]; found && l.stream == stream {
		l.edge.Load = load
		r.here[node] = l
	}
}

// leave forgets an edge unless a newer stream speaks for it.
func (r *roster) leave(stream string, node id.Node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.here[node].stream != stream {
		return
	}
	delete(r.here, node)
	r.known = slices.DeleteFunc(r.known, func(e Edge) bool { return e.ID == node })
}

// has says whether a stream speaks for an edge.
func (r *roster) has(stream string, node id.Node) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.here[node].stream == stream
}

// learn replaces what the registry told.
func (r *roster) learn(edges []Edge) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = edges
}

// links are the edges with a control stream here.
func (r *roster) links() []link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.here))
}

// all are the edges of all instances, in no order; the slice is the caller's.
func (r *roster) all() []Edge {
	r.mu.Lock()
	defer r.mu.Unlock()
	edges := make([]Edge, 0, len(r.known)+len(r.here))
	for _, e := range r.known {
		if _, found := r.here[e.ID]; !found {
			edges = append(edges, e)
		}
	}
	for _, l := range r.here {
		edges = append(edges, l.edge)
	}
	return edges
}
