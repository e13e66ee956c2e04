package listenerstate

import (
	"context"
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

const (
	timerEvery   = 250 * time.Millisecond
	timerHolds   = 2 * time.Second // a room that was claimed; then any instance may take it
	timerClaims  = 64              // rooms at once
	timerWorkers = 8
	closesMost   = 64 // commands in a row for one room
)

// hintBefore says when something will be due, before the batch that makes it so is appended: who dies in between leaves
// a hint too many, never one too few. It answers the hint, zero where what is known is not later. The caller has the
// turn.
func (s *Service) hintBefore(ctx context.Context, k *keeper, b *batch) (time.Time, error) {
	if b.due.IsZero() || !k.due.IsZero() && !b.due.Before(k.due) {
		return time.Time{}, nil
	}
	return b.due, s.log.Hint(ctx, k.key, b.due)
}

// hintAfter says it again behind the append. A timer that read the stage before the append, and wrote what was due then
// over the first hint, either wrote before this, or reads the stage once more after it: see release.
func (s *Service) hintAfter(ctx context.Context, key chain.Key, at time.Time) {
	if err := s.log.Hint(ctx, key, at); err != nil {
		s.metrics.timerFailures.WithLabelValues("hint").Inc()
	}
}

// keepTime closes what is due, in rooms that it claims, until ctx ends.
func (s *Service) keepTime(ctx context.Context) {
	tick := time.NewTicker(timerEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for s.closeDue(ctx) == timerClaims {
			}
		case <-ctx.Done():
			return
		}
	}
}

// closeDue claims rooms at which something is due and answers how many they were.
func (s *Service) closeDue(ctx context.Context) int {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now := s.now()
	until := now.Add(timerHolds)
	rooms, err := s.log.Claim(call, now, until, timerClaims)
	if err != nil {
		s.metrics.timerFailures.WithLabelValues("claim").Inc()
		return 0
	}
	queue := make(chan chain.Key, len(rooms))
	for _, key := range rooms {
		queue <- key
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(timerWorkers, len(rooms)) {
		workers.Go(func() {
			for key := range queue {
				if err := s.closeDueIn(ctx, key, until); err != nil && ctx.Err() == nil {
					s.metrics.timerFailures.WithLabelValues("close").Inc() // the claim ends by itself
				}
			}
		})
	}
	workers.Wait()
	return len(rooms)
}

// closeDueIn closes what is due in a room that was claimed until a time, and gives it back.
func (s *Service) closeDueIn(ctx context.Context, key chain.Key, until time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stage, err := s.Stage(ctx, key, chain.Position{})
	for range closesMost {
		at := dueOf(stage)
		if err != nil || at.IsZero() || at.After(s.now()) {
			break
		}
		s.metrics.timerLate.Observe(s.now().Sub(at).Seconds())
		var answer Answer
		if answer, err = s.Apply(ctx, key, stage.expiry(at)); answer.Stage.Position == stage.Position {
			break
		}
		stage = answer.Stage
	}
	if fault.Is(err, fault.CodeNotFound) {
		stage, err = Stage{}, nil // a hint whose event never came
	}
	if err != nil {
		return err
	}
	return s.release(ctx, key, until, dueOf(stage))
}

// release gives a room back with the time at which something is due next. A hint for an event that was appended since
// the stage was read may be lost by that; so the stage is read again.
func (s *Service) release(ctx context.Context, key chain.Key, until, next time.Time) error {
	if err := s.log.Release(ctx, key, until, next); err != nil {
		return err
	}
	stage, err := s.Stage(ctx, key, chain.Position{})
	if fault.Is(err, fault.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if at := dueOf(stage); !at.IsZero() && (next.IsZero() || at.Before(next)) {
		return s.log.Hint(ctx, key, at)
	}
	return nil
}
