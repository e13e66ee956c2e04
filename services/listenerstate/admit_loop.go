package listenerstate

import (
	"context"
	"time"

	"rostrum/internal/fault"
)

const (
	admitWithin = 2 * time.Second
	admitLook   = 20 * time.Millisecond
)

// admit lets a command into a room while what the archive lacks is within its bounds, or is soon.
func (s *Service) admit(ctx context.Context, k *keeper) error {
	if !s.logFirst || s.full(k) == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, admitWithin)
	defer cancel()
	tick := time.NewTicker(admitLook)
	defer tick.Stop()
	for {
		bound := s.full(k)
		if bound == "" {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.metrics.full.WithLabelValues(bound).Inc()
			return fault.New(fault.CodeUnavailable, "the archive has been away for too long; try again").In(retryAfter)
		}
	}
}

// full answers which bound is reached: "room", "instance", or "".
func (s *Service) full(k *keeper) string {
	events, _, _ := k.backlog.size()
	switch {
	case events >= s.behind.EventsMost:
		return "room"
	case s.rooms.unarchived.Load() >= s.behind.BytesMost:
		return "instance"
	}
	return ""
}
