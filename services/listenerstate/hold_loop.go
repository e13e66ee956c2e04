package listenerstate

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/fault"
	"rostrum/internal/redisdb"
	"rostrum/services/listenerstate/chain"
)

const (
	askAgain     = time.Second      // how Redis has events twice, while it could not be asked
	lookAgain    = 30 * time.Second // whether it does now, while it did not
	openWithin   = 3 * time.Second  // that opening a room waits for the archive
	promptWithin = 100 * time.Millisecond
)

// hold waits until the log has everything up to a position twice, and the archive has at least the first event: while that
// is so, a log that neither has was never acknowledged.
func (s *Service) hold(ctx context.Context, k *keeper, at chain.Position) error {
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
	if held, _ := k.marks(); !held.Before(at) {
		return nil
	}
	if holding != HoldingReplica {
		k.noteHeld(at)
		return nil
	}
	return s.replicate(ctx, k, at)
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

// replicate waits until a replica has everything up to a position. One waits for all that was appended until then.
func (s *Service) replicate(ctx context.Context, k *keeper, at chain.Position) error {
	asked := time.Now()
	select {
	case <-k.holding:
	case <-ctx.Done():
		return fault.Unavailable(ctx.Err(), "the change is not held twice yet; try again")
	}
	defer func() { k.holding <- struct{}{} }()
	if held, _ := k.marks(); !held.Before(at) {
		return nil
	}
	newest, failed := k.holdNext(at)
	if failed.After(asked) {
		return fault.New(fault.CodeUnavailable, "the change is not held twice yet; try again").In(retryAfter)
	}
	begun := time.Now()
	replicated, err := s.log.Hold(ctx, k.key, newest, s.behind.ReplicaWait)
	if err == nil && replicated {
		s.alone.Store(false)
		k.noteHeld(newest)
		return nil
	}
	if err == nil {
		s.waited(false)
	}
	k.holdFailed(begun)
	return fault.Unavailable(err, "the change is not held twice yet; try again")
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

// howHeld answers how Redis has an event twice, and asks it where that is not known.
func (s *Service) howHeld(ctx context.Context) (Holding, error) {
	if known := s.Holding(); known != "" {
		return known, nil
	}
	found, err := findHolding(ctx, s.client)
	if err != nil {
		return "", err
	}
	s.noteHolding(found)
	return found, nil
}

// Holding answers how Redis has an event twice: "" where that is not known yet, and with AcknowledgeArchive.
func (s *Service) Holding() Holding {
	if known := s.held.Load(); known != nil {
		return *known
	}
	return ""
}

// noteHolding never takes back that there is a replica or a synced file: one that is lost is waited for.
func (s *Service) noteHolding(found Holding) {
	was := s.Holding()
	if was == found || was == HoldingReplica || was == HoldingDisk {
		return
	}
	s.held.Store(&found)
	once := 0.0
	if found == HoldingOnce {
		once = 1
		s.logger.Warn("acknowledged events may be lost with this Redis: it has no replica in each shard and does not sync each write to disk, " +
			"or does not tell; add replicas, set appendonly yes and appendfsync always, or configure how it holds events")
	} else {
		s.logger.Info("acknowledged events are held twice by Redis", "by", string(found))
	}
	s.metrics.heldOnce.Set(once)
}

// learnHolding finds out how Redis has an event twice, and looks again while it has it once.
func (s *Service) learnHolding(ctx context.Context) {
	for {
		call, cancel := context.WithTimeout(ctx, callTimeout)
		found, err := findHolding(call, s.client)
		cancel()
		pause := askAgain
		if err == nil {
			s.noteHolding(found)
			if s.Holding() != HoldingOnce {
				return
			}
			pause = lookAgain
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// findHolding asks Redis how it has an event twice. What it refuses to tell counts as not so.
func findHolding(ctx context.Context, client redis.UniversalClient) (Holding, error) {
	told, err := redisdb.Check(ctx, client)
	var refused redis.Error
	switch {
	case errors.Is(err, redisdb.ErrUnfit), errors.As(err, &refused):
		return HoldingOnce, nil
	case err != nil:
		return "", err
	}
	replicas, synced := true, true
	for _, shard := range told.Shards {
		replicas = replicas && shard.Replicas > 0
		synced = synced && shard.Fsync == "always"
	}
	switch {
	case replicas:
		return HoldingReplica, nil
	case synced:
		return HoldingDisk, nil
	}
	return HoldingOnce, nil
}
