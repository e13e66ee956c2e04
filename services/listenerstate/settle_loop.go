package listenerstate

import (
	"context"
	"errors"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// advance takes records as the newest and sends them to the archive; own: this instance appended them. The caller has the
// turn.
func (s *Service) advance(k *keeper, stage Stage, due time.Time, records []chain.Record, own bool) {
	after, head := k.head, records[len(records)-1].Head()
	var snapshot []byte
	if head.Offset >= k.snapshotAt+uint64(max(snapshotEvery, stage.Hands.Len())) {
		// Without a snapshot loading takes longer; nothing is lost.
		if encoded, err := encodeSnapshot(k.key, stage, head); err == nil {
			snapshot, k.snapshotAt = encoded, head.Offset
		}
	}
	k.stage, k.head, k.due, k.loaded = stage, head, due, true
	k.noteNewest(head.Position)
	if s.logFirst {
		s.owe(k, records, own, snapshot)
		return
	}
	k.latest = s.archive.Append(k.key, after, records, snapshot)
}

// settle waits until what was seen in a turn is held twice, and lets watchers have it.
func (s *Service) settle(ctx context.Context, k *keeper, p *pending) error {
	if !p.hint.IsZero() {
		s.hintAfter(ctx, k.key, p.hint)
	}
	at := p.view.Stage.Position
	if s.logFirst {
		if err := s.hold(ctx, k, p.edition, at); err != nil {
			return err
		}
	}
	if p.write != nil {
		if err := p.write.Wait(ctx); err != nil {
			k.broken.Store(true)
			return fault.Unavailable(err, "the change could not be made safe; try again")
		}
	}
	p.laps.held = time.Now()
	k.noteHeld(p.edition, at)
	if err := s.mark(ctx, k, p.edition, at); err != nil {
		s.metrics.unmarked.Inc()
		if s.logFirst {
			return fault.Unavailable(later(err), "the change is not held twice yet; try again")
		}
	}
	if edition, _ := k.which(); s.logFirst && edition != p.edition { // what was held and marked may be another event
		return fault.Unavailable(errAgain, "the change is not held twice yet; try again")
	}
	p.laps.acknowledged = time.Now()
	return nil
}

// mark acknowledges in the log what of an edition is held twice, once for all who wait for it.
//
// Archive first, a failure delays watchers, who mark it themselves; what was answered is held nevertheless. Log first it is the
// last word: between the append and here the log may have been lost and repaired, with what this instance offered then.
// Where the log can still be marked, no repair has begun, and one that begins later is offered what is marked here.
func (s *Service) mark(ctx context.Context, k *keeper, edition uint64, at chain.Position) error {
	if at.Offset == 0 {
		return nil
	}
	select {
	case <-k.marking:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { k.marking <- struct{}{} }()
	_, life := k.which()
	held, marked := k.marks()
	if marked.Covers(at) || !s.logFirst && !marked.Before(at) {
		return nil
	}
	if s.logFirst && !held.Covers(at) {
		return stagelog.ErrMoved
	}
	if err := s.log.Acknowledge(ctx, k.key, held, life); err != nil {
		return err
	}
	k.noteMarked(edition, held)
	return nil
}

// later makes what the log refuses because it is, or is becoming, another one worth another look.
func later(err error) error {
	for _, refusal := range []error{stagelog.ErrMoved, stagelog.ErrLost, stagelog.ErrRestarted, stagelog.ErrRepairing} {
		if errors.Is(err, refusal) {
			return errors.Join(errAgain, err)
		}
	}
	return err
}
