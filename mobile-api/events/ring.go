package events

import (
	"slices"

	"rostrum/mobile-api/view"
)

// mostKeptEvents is how many of the newest events of a room are kept for those who come back.
const mostKeptEvents = 4096

// ring keeps the newest events of one term without a hole.
type ring struct {
	before  view.Position // of the oldest entry; where there is none, the newest position
	entries []entry
}

// reset begins anew after a position.
func (r *ring) reset(at view.Position) { *r = ring{before: at} }

// add keeps the next event.
func (r *ring) add(e entry) {
	if len(r.entries) == cap(r.entries) && len(r.entries) >= mostKeptEvents {
		// Room for as many again, so that moving them costs little per event.
		kept := make([]entry, mostKeptEvents-1, 2*mostKeptEvents)
		drop := len(r.entries) - len(kept)
		r.before = r.entries[drop-1].at
		copy(kept, r.entries[drop:])
		r.entries = kept
	}
	r.entries = append(r.entries, e)
}

// prepend puts events before the oldest one; they must end there.
func (r *ring) prepend(before view.Position, entries []entry) {
	r.before, r.entries = before, append(entries, r.entries...)
}

// after answers the events after a position; false: it is of another term, or too old.
func (r *ring) after(p view.Position) ([]entry, bool) {
	if p.Term != r.before.Term || p.Offset < r.before.Offset {
		return nil, false
	}
	missing := p.Offset - r.before.Offset
	if missing > uint64(len(r.entries)) {
		return nil, false
	}
	return r.entries[missing:], true
}

// turned says whether a person sees another view since an event, that one included: whoever was cut between it and the
// stage that followed holds the wrong view.
func (r *ring) turned(since view.Position, user string) bool {
	turns := func(e entry) bool { return e.turns && e.user == user }
	missed, ok := r.after(since)
	if ok && since != r.before {
		missed, _ = r.after(view.Position{Term: since.Term, Offset: since.Offset - 1})
	}
	return slices.ContainsFunc(missed, turns)
}
