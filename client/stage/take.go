package stage

import "rostrum/client/api"

// take takes one message of a connection that has said hello. Unknown ones are skipped.
func (f *Follower) take(m message) error {
	switch {
	case m.answer != nil:
		f.settle(m.answer)
		return nil
	case m.kind == "hello":
		return &corrupt{"a second hello"}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case m.snapshot != nil:
		m.snapshot.You.User = f.fold.You.User
		f.restart(m.snapshot)
	case m.event != nil:
		return f.takeEvent(*m.event)
	case m.place != nil:
		f.fold.place(*m.place)
		f.push(Item{Place: m.place})
	case m.kind == "enforced":
		if f.fold.enforce(*m.position) {
			f.push(Item{Enforced: m.position})
		}
	case m.kind == "still":
		if f.isNext(*m.position) {
			f.fold.Position = *m.position
		}
	}
	return nil
}

// isNext says whether a position is a later one of the term that is followed.
func (f *Follower) isNext(p api.Position) bool {
	return p.Term == f.fold.Position.Term && p.Offset > f.fold.Position.Offset
}

func (f *Follower) takeEvent(e Event) error {
	if e.Position.Term != f.fold.Position.Term {
		return &corrupt{"an event of another term without a snapshot"}
	}
	if !f.isNext(e.Position) {
		f.stats.Repeats++
		return nil
	}
	f.stats.Events++
	f.fold.apply(e)
	f.push(Item{Event: &e})
	return nil
}

// restart begins anew from a snapshot, which takes the place of all that waits.
func (f *Follower) restart(snapshot *Stage) {
	f.stats.Snapshots++
	f.begun = true
	f.fold = newFold(*snapshot)
	f.items = nil
	whole := f.fold.clone()
	f.push(Item{Snapshot: &whole})
}

// push lets an item wait for Next. Where too many do, the stage as it is now takes their place.
func (f *Follower) push(item Item) {
	if len(f.items) >= f.cfg.Waiting {
		f.stats.Overruns++
		whole := f.fold.clone()
		f.items, item = nil, Item{Snapshot: &whole}
	}
	f.items = append(f.items, item)
	f.notify()
}
