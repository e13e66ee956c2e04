package listenerstate

import (
	"context"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
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
	if s.logFirst {
		if err := s.hold(ctx, k, p.view.Stage.Position); err != nil {
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
	k.noteHeld(p.view.Stage.Position)
	s.mark(ctx, k, p.view.Stage.Position)
	p.laps.acknowledged = time.Now()
	return nil
}

// mark acknowledges in the log what is held twice, once for all who wait for it. A failure delays watchers, who mark
// it themselves; what was answered is held nevertheless.
func (s *Service) mark(ctx context.Context, k *keeper, at chain.Position) {
	select {
	case <-k.marking:
	case <-ctx.Done():
		s.metrics.unmarked.Inc()
		return
	}
	defer func() { k.marking <- struct{}{} }()
	held, marked := k.marks()
	if !marked.Before(at) {
		return
	}
	if err := s.log.Acknowledge(ctx, k.key, held); err != nil {
		s.metrics.unmarked.Inc()
		return
	}
	k.noteMarked(held)
}
