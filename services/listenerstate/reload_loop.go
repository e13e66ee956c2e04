package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// loadLog reads a room from Redis, which has the newest snapshot and what follows: a live room goes on without the archive.
// Only where Redis has no such thing the archive is asked. Errors as of load.
func (s *Service) loadLog(ctx context.Context, k *keeper) error {
	if k.doubted {
		return errDiverged
	}
	said := s.consult(ctx, k.key) // before: what is read later may have gone on
	found, err := s.fromLog(ctx, k.key)
	switch {
	case errors.Is(err, stagelog.ErrLost):
		return s.loadLost(ctx, k)
	case errors.Is(err, errIncomplete):
		return s.loadUntracked(ctx, k)
	case err != nil:
		return err
	}
	if err := s.compare(ctx, k, found); err != nil {
		return err
	}
	if !found.goesOnFrom(said) {
		return errDiverged
	}
	loaded := archived{stage: found.stage, head: found.head, snapshotAt: found.page.SnapshotAt}
	if found.continues(k.head) {
		k.renew(loaded, ackedOf(found.page), found.after)
	} else {
		k.put(loaded, ackedOf(found.page), found.after)
	}
	if len(found.owed) > 0 {
		s.owe(k, found.owed, false, nil)
	}
	s.noteRead(k, found.page)
	edition, _ := k.which()
	k.noteMarked(edition, chain.Position{Term: found.head.Term, Offset: found.page.Acked})
	k.enforced, k.loaded = found.page.Enforced, true
	return nil
}

// loadLost asks the archive about a log that Redis does not have. Opening a room waits for the archive, so what neither has
// was never opened.
func (s *Service) loadLost(ctx context.Context, k *keeper) error {
	head, _, err := s.archive.Load(ctx, k.key)
	if err != nil {
		return err
	}
	if head.Offset > 0 || len(s.tail(k)) > 0 {
		return stagelog.ErrLost
	}
	k.reset(archived{})
	return nil
}

// loadUntracked reads a log that was made without AcknowledgeLog, or whose snapshot is gone, and gives it a snapshot.
func (s *Service) loadUntracked(ctx context.Context, k *keeper) error {
	a, err := s.fromArchive(ctx, k.key)
	if err != nil {
		return err
	}
	k.reset(a)
	if err := s.refresh(ctx, k); err != nil {
		return err
	}
	k.loaded = true
	if a.head.Offset == 0 {
		return nil
	}
	snapshot, err := encodeSnapshot(k.key, a.stage, a.head)
	if err != nil {
		return err
	}
	_, life := k.which()
	return s.log.Archived(ctx, k.key, a.head.Position, life, a.head.Offset, snapshot)
}

// errIncomplete says that Redis has a log and not all that loading it takes.
var errIncomplete = errors.New("redis has only a part of the stage log")

// found is a log as Redis has it.
type found struct {
	page  stagelog.Page // the last one, with the head
	stage Stage
	head  chain.Head
	after chain.Head     // up to where the archive has it, as far as the log knows
	owed  []chain.Record // behind it
	read  []chain.Record // all that were read, in order; those that are owed are the last of them
}

// continues says whether a log is known to be what came of a head, which was seen before.
func (f found) continues(head chain.Head) bool {
	if head == f.head || head == f.after {
		return head.Offset > 0
	}
	return slices.ContainsFunc(f.read, func(r chain.Record) bool { return r.Position == head.Position && r.Head() == head })
}

// fromLog folds what Redis has of a log. Errors: errIncomplete; those of load.
func (s *Service) fromLog(ctx context.Context, key chain.Key) (found, error) {
	var f found
	head, err := s.log.Head(ctx, key)
	if err != nil {
		return f, err
	}
	if !head.Tracked || head.SnapshotAt == 0 && head.Base > 0 {
		return f, errIncomplete
	}
	if head.SnapshotAt > 0 {
		snapshot, err := s.log.Snapshot(ctx, key)
		if err != nil {
			return f, err
		}
		if f.stage, f.head, err = decodeSnapshot(key, snapshot); err != nil || f.head.Term != head.Head.Term {
			return f, errIncomplete
		}
	}
	from := chain.Position{Term: head.Head.Term, Offset: min(f.head.Offset, head.Archived)}
	if f.page, f.read, err = s.readAll(ctx, key, from); err != nil {
		return f, err
	}
	return f, f.fold(key, from)
}

// readAll reads a log from a position on to its end.
func (s *Service) readAll(ctx context.Context, key chain.Key, from chain.Position) (stagelog.Page, []chain.Record, error) {
	var records []chain.Record
	for {
		page, err := s.log.Read(ctx, key, from, pageSize)
		if err != nil {
			return page, nil, err
		}
		if page.Head.Term != from.Term {
			return page, nil, errIncomplete // seeded meanwhile
		}
		records = append(records, page.Records...)
		if len(page.Records) == 0 || page.Head.Offset <= page.Records[len(page.Records)-1].Offset {
			return page, records, nil
		}
		from = page.Records[len(page.Records)-1].Position
	}
}

// fold brings the snapshot to the log's head with what was read behind a position, and finds what the archive lacks.
func (f *found) fold(key chain.Key, from chain.Position) error {
	for i, record := range f.read {
		if record.Offset != from.Offset+uint64(i)+1 || record.Term != from.Term {
			return errIncomplete
		}
	}
	behind := f.read[min(f.head.Offset-from.Offset, uint64(len(f.read))):]
	archived := min(f.page.Archived, f.page.Head.Offset)
	if archived < from.Offset {
		return errIncomplete
	}
	f.owed = f.read[min(archived-from.Offset, uint64(len(f.read))):]
	var err error
	start := f.head
	if f.stage, f.head, err = fold(key, f.stage, f.head, behind); err != nil || f.head != f.page.Head {
		return fmt.Errorf("%w: it does not fold: %w", errDiverged, err)
	}
	switch {
	case len(f.owed) == 0:
		f.after = f.head
	case archived == 0:
	case archived == start.Offset:
		f.after = start
	default:
		e, err := decodeEvent(key, f.owed[0].Bytes)
		if err != nil {
			return fmt.Errorf("%w: %w", errDiverged, err)
		}
		f.after = chain.Head{Position: chain.Position{Term: from.Term, Offset: archived}, Hash: e.Prev}
	}
	return nil
}

// recall reads the events of a command that came before. With AcknowledgeLog those of this term may be in Redis alone.
func (s *Service) recall(ctx context.Context, key chain.Key, earlier stagelog.Earlier) ([]chain.Record, error) {
	first := chain.Position{Term: earlier.Last.Term, Offset: earlier.Last.Offset - earlier.Events + 1}
	if s.logFirst {
		after := chain.Position{Term: first.Term, Offset: first.Offset - 1}
		page, err := s.log.Read(ctx, key, after, int64(earlier.Events))
		if err == nil && uint64(len(page.Records)) == earlier.Events && page.Records[0].Position == first {
			return page.Records, nil
		}
	}
	return s.archive.Read(ctx, key, first.Offset, int(earlier.Events))
}
