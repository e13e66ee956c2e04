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

// current answers the newest stage once all of it is acknowledged.
func (s *Service) current(ctx context.Context, k *keeper) (Stage, error) {
	err := errAgain
	for n := 0; n < attempts && errors.Is(err, errAgain); n++ {
		if n > 0 && !pause(ctx, n) {
			break
		}
		var p pending
		if p, err = s.look(ctx, k); err == nil {
			err = s.settle(ctx, k, p)
		}
		if err == nil {
			return p.stage, nil
		}
	}
	if errors.Is(err, errAgain) {
		err = fault.Unavailable(err, "the stage is being repaired; try again")
	}
	return Stage{}, err
}

// look reads what the log has beyond the keeper.
func (s *Service) look(ctx context.Context, k *keeper) (pending, error) {
	if err := k.take(ctx.Done()); err != nil {
		return pending{}, err
	}
	defer k.give()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
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
	return pending{stage: k.stage, write: k.latest}, nil
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
	case err == nil:
		return nil
	case errors.Is(err, stagelog.ErrLost):
		return s.repair(ctx, k, "lost")
	case errors.Is(err, errDiverged):
		return s.repair(ctx, k, "diverged")
	}
	return fault.Unavailable(err, "the stage cannot be loaded; try again")
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
			s.advance(k, stage, page.Records)
		}
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
