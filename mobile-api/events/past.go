package events

import (
	"context"

	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// past is what happened in a room before this gateway followed it: the events after from, up to where it began. Without
// entries it could not be had.
type past struct {
	from    view.Position
	entries []entry
}

// lookBack reads the events after from up to the one at until. The stage log has at least its newest 4,096; where it has
// them no more, or does not answer in time, whoever asked gets a whole stage instead.
func (w *watch) lookBack(ctx context.Context, from, until view.Position) *past {
	ctx, cancel := context.WithTimeout(ctx, w.sockets.pace.wait/2)
	defer cancel()
	none := &past{from: from}
	stream, err := w.open(ctx, from)
	if err != nil {
		return none
	}
	p := &past{from: from, entries: make([]entry, 0, until.Offset-from.Offset)}
	for at := from; at != until; {
		wire, err := stream.Recv()
		if err != nil || wire.GetSnapshot() != nil {
			return none
		}
		said, ok := wire.GetItem().(*listenerstatev1.WatchResponse_Event)
		if !ok {
			continue
		}
		e := readEvent(said.Event)
		next, err := newEntry(e)
		if err != nil || e.at.Term != at.Term || e.at.Offset != at.Offset+1 {
			return none
		}
		at, p.entries = e.at, append(p.entries, next)
	}
	return p
}

// lookBack has the log read for a connection that resumes from before this gateway followed the room; true: it waits for
// that.
func (r *room) lookBack(c *conn) bool {
	begin := r.ring.before
	if c.from.Term != begin.Term || c.from.Offset >= begin.Offset || !c.from.IsAfter(r.gone) || r.stage.shown.State == view.StateEnded {
		return false
	}
	if begin.Offset-c.from.Offset+uint64(len(r.ring.entries)) > mostKeptEvents {
		return false
	}
	if r.looking {
		return true
	}
	r.looking = true
	r.tasks.Go(func() { r.watch.bring(r.ctx, item{past: r.watch.lookBack(r.ctx, c.from, begin)}) })
	return true
}

// takePast puts what was found before the oldest event, if that is still where it ends.
func (r *room) takePast(p *past) {
	r.looking = false
	if n := len(p.entries); n > 0 && p.entries[n-1].at == r.ring.before {
		r.ring.prepend(p.from, p.entries)
	} else {
		r.gone = p.from
	}
}
