package listenerstate

import (
	"context"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

const (
	openWithin   = 3 * time.Second        // that opening a room waits for the archive
	insteadOf    = 2 * time.Second        // that the archive is waited for, where no replica answered
	hurryEvery   = 20 * time.Millisecond  // that it is told to write at once what it has been given meanwhile
	promptWithin = 100 * time.Millisecond // that a room's turn waits for a replica
)

// hold waits until the log has everything of an edition up to a position twice, and the archive has at least the first event:
// while that is so, a log that neither has was never acknowledged.
func (s *Service) hold(ctx context.Context, k *keeper, edition uint64, at chain.Position) error {
	if at.Offset == 0 {
		return nil
	}
	if err := s.opened(ctx, k); err != nil {
		return err
	}
	holding, err := s.howHeld(ctx)
	if err != nil {
		return fault.Unavailable(err, "the stage log cannot be reached; try again")
	}
	if held, _ := k.marks(); held.Covers(at) {
		return nil
	}
	if holding == HoldingReplica {
		return s.replicate(ctx, k, edition, at)
	}
	return nil
}

// opened waits until the archive has the first event of a log.
func (s *Service) opened(ctx context.Context, k *keeper) error {
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	for {
		begun, changed := k.backlog.begun()
		if begun {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.Unavailable(ctx.Err(), "the archive cannot be reached, without which no room is opened; try again")
		}
	}
}

// replicate waits until a replica has everything of an edition up to a position, or where none answers the archive. One waits for
// all that was appended until then.
func (s *Service) replicate(ctx context.Context, k *keeper, edition uint64, at chain.Position) error {
	asked := time.Now()
	select {
	case <-k.holding:
	case <-ctx.Done():
		return fault.Unavailable(ctx.Err(), "the change is not held twice yet; try again")
	}
	defer func() { k.holding <- struct{}{} }()
	if held, _ := k.marks(); held.Covers(at) {
		return nil
	}
	newest, failed := k.holdNext(at)
	if failed.After(asked) {
		return fault.New(fault.CodeUnavailable, "the change is not held twice yet; try again").In(retryAfter)
	}
	begun := time.Now()
	_, life := k.which()
	replicated, err := s.log.Hold(ctx, k.key, newest, life, s.behind.ReplicaWait)
	if err == nil && replicated {
		s.alone.Store(false)
		k.noteHeld(edition, newest)
		return nil
	}
	if err == nil {
		s.waited(false)
		if upTo := s.archivedToo(ctx, k, at); upTo.Covers(at) {
			k.noteHeld(edition, upTo)
			return nil
		}
	}
	k.holdFailed(begun)
	return fault.Unavailable(later(err), "the change is not held twice yet; try again")
}

// archivedToo waits for a while until the archive has everything up to a position, hurries it, and answers up to where it has:
// what has lost its replica, as a shard has after a failover, is held twice all the same.
func (s *Service) archivedToo(ctx context.Context, k *keeper, at chain.Position) chain.Position {
	ctx, cancel := context.WithTimeout(ctx, insteadOf)
	defer cancel()
	k.backlog.adopt() // what others appended, too
	tick := time.NewTicker(hurryEvery)
	defer tick.Stop()
	for {
		upTo, changed := k.backlog.upTo()
		if upTo.Covers(at) {
			return upTo
		}
		select {
		case <-changed:
		case <-tick.C:
			if hurried, can := s.archive.(flusher); can {
				_ = hurried.Flush(ctx, k.key) // the backlog tells what came of it
			}
		case <-ctx.Done():
			return upTo
		}
	}
}

// promptWait is how long an append waits for a replica in its room's turn: not at all while none answered last, so that
// the turn goes on and only those wait who must.
func (s *Service) promptWait(ctx context.Context) time.Duration {
	if !s.logFirst || s.alone.Load() {
		return 0
	}
	if holding, err := s.howHeld(ctx); err != nil || holding != HoldingReplica {
		return 0
	}
	return min(promptWithin, s.behind.ReplicaWait)
}

// waited notes whether a replica had what was waited for.
func (s *Service) waited(replicated bool) {
	s.alone.Store(!replicated)
	if !replicated {
		s.metrics.waitsFailed.Inc()
	}
}

// noteRead takes what a page says of the whole log. The caller has the turn.
func (s *Service) noteRead(k *keeper, page stagelog.Page) {
	if !s.logFirst {
		return
	}
	edition, _ := k.which()
	k.noteLife(page.Life)
	k.noteNewest(page.Head.Position)
	k.noteHeld(edition, ackedOf(page))
	if page.Tracked {
		k.backlog.archived(page.ArchivedAt())
	}
}

// ackedOf is up to where a log is acknowledged, and so held twice.
func ackedOf(page stagelog.Page) chain.Position {
	return chain.Position{Term: page.Head.Term, Offset: min(page.Acked, page.Head.Offset)}
}

// noteAppended takes what an append says of how its events are held. The caller has the turn.
func (s *Service) noteAppended(k *keeper, added stagelog.Append, done stagelog.Appended) {
	k.noteLife(done.Life)
	if !s.logFirst || added.Wait == 0 || len(added.Records) == 0 {
		return
	}
	s.waited(done.Replicated)
	if done.Replicated {
		edition, _ := k.which()
		k.noteHeld(edition, added.Records[len(added.Records)-1].Position)
	}
}
