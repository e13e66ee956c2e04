package listenerstate

import (
	"context"
	"errors"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// stillEvery is how often an idle watcher reads the log and hears that its position holds.
const stillEvery = time.Second

// errLeaving ends watchers of an instance that closes.
var errLeaving = fault.New(fault.CodeMoved, "this instance is leaving; watch another one")

// Item is what a watcher hears next: exactly one of Snapshot, Entry, a position that Still holds, and the position up to
// which the SFU does what the stage says.
type Item struct {
	Snapshot *Stage
	Entry    *Entry
	Still    *chain.Position
	Enforced *chain.Position
}

// Watcher hears every acknowledged event of a room, in order, each once, and between them what is enforced: of several
// such positions the newest, which may come before or after the events it covers. It is used by one goroutine.
type Watcher struct {
	service *Service
	key     chain.Key
	bell    chan struct{}
	tail    *tail          // shared with the other watchers of the room
	at      chain.Position // zero: a snapshot comes next
	ready   []Entry        // read and not heard yet
	last    time.Time      // of the last item

	enforced chain.Position // as it was read last; zero: not known in this term
	told     chain.Position // of those, the last one heard since the last snapshot
}

// Watch starts watching after a position; the zero position wants a snapshot first, as does one of another term or one
// whose successors are no longer in the log. Close ends it. Errors: not_found, from_ahead, unavailable.
func (s *Service) Watch(ctx context.Context, key chain.Key, from chain.Position) (*Watcher, error) {
	if _, err := s.Stage(ctx, key, from); err != nil {
		return nil, err
	}
	bell, tail, err := s.bells.hang(key)
	if err != nil {
		return nil, err
	}
	s.metrics.watchers.Inc()
	return &Watcher{service: s, key: key, bell: bell, tail: tail, at: from, last: time.Now()}, nil
}

// Close ends a watcher; why is one of the end reasons.
func (w *Watcher) Close(why string) {
	w.service.bells.take(w.key, w.bell)
	w.service.metrics.watchers.Dec()
	w.service.metrics.ends.WithLabelValues(why).Inc()
}

// Next waits for the next item. It never waits longer than a second while the log can be read: then it answers Still.
// Errors: the end of ctx; moved where the service leaves; not_found where the room's creation was undone.
func (w *Watcher) Next(ctx context.Context) (Item, error) {
	tick := time.NewTimer(time.Until(w.last.Add(stillEvery)))
	defer tick.Stop()
	due := false
	for {
		item, err := w.look(ctx, due)
		if err == nil && item != (Item{}) {
			w.last = time.Now()
			return item, nil
		}
		if err != nil && !passing(err) {
			return Item{}, err
		}
		if due {
			tick.Reset(stillEvery) // the log cannot be read: no word is said until it can
			due = false
		}
		select {
		case <-w.bell:
		case <-tick.C:
			due = true
		case <-ctx.Done():
			return Item{}, ctx.Err()
		case <-w.service.stopping:
			return Item{}, errLeaving
		}
	}
}

// passing says whether a later look may succeed.
func passing(err error) bool {
	return fault.Is(err, fault.CodeUnavailable) || fault.Is(err, fault.CodeTimeout) || fault.Is(err, fault.CodeRateLimited)
}

// look answers what is there now, an empty item where nothing is; due: then Still.
func (w *Watcher) look(ctx context.Context, due bool) (Item, error) {
	if item, there := w.pop(); there {
		return item, nil
	}
	if w.at == (chain.Position{}) {
		return w.snapshot(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := w.service.follow(ctx, w.key, w.tail, w.at, due)
	if errors.Is(err, stagelog.ErrRestarted) {
		if _, err := w.service.View(ctx, w.key, chain.Position{}); err != nil {
			return Item{}, err
		}
		found, err = w.service.follow(ctx, w.key, w.tail, w.at, due) // verified: most often it goes on as it was
	}
	if errors.Is(err, stagelog.ErrLost) || errors.Is(err, errDiverged) {
		return w.snapshot(ctx)
	}
	if err != nil {
		return Item{}, fault.Unavailable(err, "the stage log cannot be reached")
	}
	w.ready, w.enforced = found.entries, found.enforced
	if item, there := w.pop(); there {
		return item, nil
	}
	if !due {
		return Item{}, nil
	}
	if found.acked < found.head.Offset {
		// Whoever appended did not come to acknowledge it.
		if _, err := w.service.Stage(ctx, w.key, w.at); err != nil {
			return Item{}, err
		}
	}
	at := w.at
	return Item{Still: &at}, nil
}

func (w *Watcher) pop() (Item, bool) {
	if w.told.Before(w.enforced) {
		at := w.enforced
		w.told = at
		return Item{Enforced: &at}, true
	}
	if len(w.ready) == 0 {
		return Item{}, false
	}
	entry := w.ready[0]
	w.ready = w.ready[1:]
	w.at = entry.Event.Position
	return Item{Entry: &entry}, true
}

func (w *Watcher) snapshot(ctx context.Context) (Item, error) {
	view, err := w.service.View(ctx, w.key, chain.Position{})
	if err != nil {
		return Item{}, err
	}
	w.at, w.enforced, w.told = view.Stage.Position, view.Enforced, chain.Position{}
	return Item{Snapshot: &view.Stage}, nil
}
