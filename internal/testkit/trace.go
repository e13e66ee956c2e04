package testkit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Span is one part of a trace.
type Span struct {
	Trace, ID, Parent string // hex; a root has no parent
	Name              string
	Service           string
	Kind              string // internal, server, client
	Start, End        time.Time
	Failed            bool
	Attributes        map[string]string
}

func earlier(a, b Span) int { return a.Start.Compare(b.Start) }

func byName(a, b Span) int { return cmp.Or(cmp.Compare(a.Name, b.Name), earlier(a, b)) }

// Trace is the spans of one trace in order of start.
type Trace []Span

// String is the trace as an indented tree in order of start: how long each span took, and when it began after the first.
func (t Trace) String() string {
	var out strings.Builder
	t.walk(earlier, func(depth int, s Span) {
		failed := ""
		if s.Failed {
			failed = " failed: " + s.Attributes["rostrum.code"]
		}
		fmt.Fprintf(&out, "%9s %9s  %s%s (%s)%s\n", tenths(s.End.Sub(s.Start)), "+"+tenths(s.Start.Sub(t[0].Start)),
			strings.Repeat("  ", depth), s.Name, s.Kind, failed)
	})
	return out.String()
}

func tenths(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// Outline is the names of the spans, each indented by a space a level; those of one parent are by name, since they may be
// beside each other in time.
func (t Trace) Outline() string {
	var out strings.Builder
	t.walk(byName, func(depth int, s Span) {
		fmt.Fprintf(&out, "%s%s\n", strings.Repeat(" ", depth), s.Name)
	})
	return out.String()
}

// walk visits each span beneath its parent. A span whose parent is not there is visited like a root.
func (t Trace) walk(order func(a, b Span) int, visit func(depth int, s Span)) {
	children := map[string]Trace{}
	known := map[string]bool{}
	for _, s := range t {
		known[s.ID] = true
	}
	for _, s := range t {
		parent := s.Parent
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], s)
	}
	var descend func(depth int, parent string)
	descend = func(depth int, parent string) {
		for _, s := range slices.SortedStableFunc(slices.Values(children[parent]), order) {
			visit(depth, s)
			descend(depth+1, s.ID)
		}
	}
	descend(0, "")
}
