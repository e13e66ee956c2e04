package listenerstate

import (
	"context"
	"errors"
	"fmt"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// errDiverged says that the log is not the one that the archive has, or what was read of it before.
var errDiverged = errors.New("the stage log is another one than the archive's")

// archived is the fold of what the archive has of a room; zero where that is nothing.
type archived struct {
	stage      Stage
	head       chain.Head
	snapshotAt uint64
}

// reading is one look at the log that everyone shares who asked before it began.
type reading struct {
	done chan struct{} // closes when view and err are there
	view View
	err  error
}

// current answers the newest view of a room once all of it is acknowledged.
func (s *Service) current(ctx context.Context, k *keeper) (View, error) {
	r, first := k.join()
	if first {
		s.rooms.hold(k)
		read := func() {
			defer s.rooms.done(k)
			s.read(context.WithoutCancel(ctx), k, r)
		}
		if !s.start(read) {
			read()
		}
	}
	select {
	case <-r.done:
		return r.view, r.err
	case <-ctx.Done():
		return View{}, fault.New(fault.CodeTimeout, "the room is busy; try again")
	}
}

// join answers the reading that comes next; first: the caller is to do it.
func (k *keeper) join() (r *reading, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading == nil {
		k.reading, first = &reading{done: make(chan struct{})}, true
	}
	return k.reading, first
}

// begin ends the time in which others may join a reading.
func (k *keeper) begin(r *reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading == r {
		k.reading = nil
	}
}

func (s *Service) read(ctx context.Context, k *keeper, r *reading) {
	r.err = errAgain
	for n := 0; n < attempts && errors.Is(r.err, errAgain); n++ {
		if n > 0 {
			pause(ctx, n)
		}
		var p pending
		if p, r.err = s.look(ctx, k, r); r.err == nil {
			r.view = p.view
		}
	}
	if errors.Is(r.err, errAgain) {
		r.err = fault.Unavailable(r.err, "the stage is being repaired; try again")
	}
	close(r.done)
}

// look reads what the log has beyond the keeper, and waits until it is acknowledged.
func (s *Service) look(ctx context.Context, k *keeper, r *reading) (pending, error) {
	<-k.turn
	k.begin(r)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p, err := s.lookInTurn(ctx, k)
	k.give()
	if err != nil {
		return p, err
	}
	return p, s.settle(ctx, k, p)
}

func (s *Service) lookInTurn(ctx context.Context, k *keeper) (pending, error) {
	if err := s.ready(ctx, k); err != nil {
		return pending{}, err
	}
	if k.head.Offset == 0 {
		return pending{}, fault.New(fault.CodeNotFound, "no such room has been opened")
	}
	if err := s.refresh(ctx, k); err != nil {
		k.loaded = false
		if errors.Is(err, stagelog.ErrLost) || errors.Is(err, errDiverged) {
			return pending{}, errAgain
		}
		return pending{}, fault.Unavailable(err, "the stage log cannot be reached; try again")
	}
	return pending{view: k.view(), write: k.latest}, nil
}

// ready makes a keeper hold a stage of its room: from memory, else from archive and log, else by repairing the log.
// The caller has the turn.
func (s *Service) ready(ctx context.Context, k *keeper) error {
	if k.broken.Swap(false) {
		k.loaded = false
	}
	if k.loaded {
		return nil
	}
	err := s.load(ctx, k)
	switch {
	case errors.Is(err, stagelog.ErrLost):
		err = s.repair(ctx, k, "lost")
	case errors.Is(err, errDiverged):
		err = s.repair(ctx, k, "diverged")
	case err != nil:
		err = fault.Unavailable(err, "the stage cannot be loaded; try again")
	}
	if err == nil && !k.due.IsZero() {
		s.hintAfter(ctx, k.key, k.due) // whoever made it so may not have come to it, or the hint is lost
	}
	return err
}

// load reads a room from the archive and what the log has beyond it. Errors: stagelog.ErrLost where the archive has a
// log and Redis does not; errDiverged.
func (s *Service) load(ctx context.Context, k *keeper) error {
	a, err := s.fromArchive(ctx, k.key)
	if err != nil {
		return err
	}
	k.reset(a)
	err = s.refresh(ctx, k)
	if errors.Is(err, stagelog.ErrLost) && a.head.Offset == 0 {
		return nil // neither has it: the room was never opened
	}
	k.loaded = err == nil
	return err
}

// refresh takes what the log has behind the keeper's head and sends it to the archive, which skips what it has. Errors:
// stagelog.ErrLost, errDiverged.
func (s *Service) refresh(ctx context.Context, k *keeper) error {
	for {
		page, err := s.log.Read(ctx, k.key, k.head.Position, pageSize)
		if err != nil {
			return err
		}
		if k.head.Offset > 0 && page.Head.Term != k.head.Term {
			return errDiverged
		}
		if len(page.Records) > 0 {
			stage, _, err := fold(k.key, k.stage, k.head, page.Records)
			if err != nil {
				return fmt.Errorf("%w: %w", errDiverged, err)
			}
			s.advance(k, stage, dueOf(stage), page.Records)
		}
		k.enforced = page.Enforced
		if k.head == page.Head {
			k.noteMarked(chain.Position{Term: page.Head.Term, Offset: page.Acked})
			return nil
		}
		if len(page.Records) == 0 {
			return errDiverged
		}
	}
}

// fromArchive folds what the archive has.
func (s *Service) fromArchive(ctx context.Context, key chain.Key) (archived, error) {
	head, snapshot, err := s.archive.Load(ctx, key)
	if err != nil || head.Offset == 0 {
		return archived{}, err
	}
	var a archived
	if snapshot != nil {
		if a.stage, a.head, err = decodeSnapshot(key, snapshot); err != nil {
			return a, err
		}
		a.snapshotAt = a.head.Offset
	}
	for a.head.Offset < head.Offset {
		records, err := s.archive.Read(ctx, key, a.head.Offset+1, int(min(pageSize, head.Offset-a.head.Offset)))
		if err != nil {
			return a, err
		}
		if len(records) == 0 {
			return a, fmt.Errorf("the archive of %s ends at %s instead of %s", key, a.head.Position, head.Position)
		}
		if a.stage, a.head, err = fold(key, a.stage, a.head, records); err != nil {
			return a, err
		}
	}
	if a.head.Hash != head.Hash {
		return a, fmt.Errorf("the archive of %s does not fold to its own head", key)
	}
	// The head may have a higher term than its event: one that a repair claimed.
	a.head, a.stage.Position = head, head.Position
	return a, nil
}

// fold answers the stage and the head after records, which must continue them without a hole.
func fold(key chain.Key, stage Stage, head chain.Head, records []chain.Record) (Stage, chain.Head, error) {
	for _, record := range records {
		e, err := decodeEvent(key, record.Bytes)
		if err != nil {
			return stage, head, fmt.Errorf("fold %s of %s: %w", record.Position, key, err)
		}
		if e.Position != record.Position || e.Position.Offset != head.Offset+1 || e.Position.Term < head.Term || e.Prev != head.Hash {
			return stage, head, fmt.Errorf("fold %s of %s: it does not continue %s", record.Position, key, head.Position)
		}
		stage, head = evolve(stage, e), record.Head()
	}
	return stage, head, nil
}
