package listenerstate

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/internal/redisdb"
)

const (
	askAgain  = time.Second      // how Redis has events twice, while it could not be asked
	lookAgain = 30 * time.Second // whether it does now, while it did not
)

// beginHolding takes how Redis has an event twice as it was said, or begins to find it out.
func (s *Service) beginHolding(ctx context.Context) {
	if said := s.behind.Holding; said != "" {
		s.noteHolding(said)
		return
	}
	s.start(func() { s.learnHolding(ctx) })
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
			"or does not tell, or it was said so; add replicas, set appendonly yes and appendfsync always, or configure how it holds events")
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
