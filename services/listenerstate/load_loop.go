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

// ready makes a keeper hold a stage of its room: from memory, else from archive and log, else by repairing the log.
// The caller has the turn.
func (s *Service) ready(ctx context.Context, k *keeper) error {
	if k.broken.Swap(false) {
		k.loaded, k.doubted = false, s.logFirst
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
	case errors.Is(err, stagelog.ErrRestarted):
		err = s.repair(ctx, k, "restarted")
	case err != nil:
		err = fault.Unavailable(err, "the stage cannot be loaded; try again")
	}
	if err == nil && !k.due.IsZero() {
		s.hintAfter(ctx, k.key, k.due) // whoever made it so may not have come to it, or the hint is lost
	}
	return err
}

// load reads a room from the archive and what the log has beyond it. Errors: stagelog.ErrLost where the archive has a
// log and Redis does not; errDiverged; with AcknowledgeLog stagelog.ErrRestarted.
func (s *Service) load(ctx context.Context, k *keeper) error {
	if s.logFirst {
		return s.loadLog(ctx, k)
	}
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

// refresh takes what the log has behind the keeper's head and sends it to the archive, which skips what it has. Errors as
// of load.
func (s *Service) refresh(ctx context.Context, k *keeper) error {
	for {
		page, err := s.log.Read(ctx, k.key, k.head.Position, pageSize)
		if err != nil {
			return err
		}
		if k.head.Offset > 0 && page.Head.Term != k.head.Term {
			return errDiverged
		}
		if page.Head.Offset < k.head.Offset {
			k.doubted = s.logFirst // what was seen here is not there any more
			return errDiverged
		}
		if len(page.Records) > 0 {
			stage, _, err := fold(k.key, k.stage, k.head, page.Records)
			if err != nil {
				return fmt.Errorf("%w: %w", errDiverged, err)
			}
			s.advance(k, stage, dueOf(stage), page.Records, false)
		}
		if len(page.Records) == 0 && k.head != page.Head {
			return errDiverged // nothing that the page says is of what is here
		}
		s.noteRead(k, page)
		k.enforced = page.Enforced
		if k.head == page.Head {
			edition, _ := k.which()
			k.noteMarked(edition, chain.Position{Term: page.Head.Term, Offset: page.Acked})
			return nil
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
