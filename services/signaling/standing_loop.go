package signaling

import (
	"context"
	"time"
)

const (
	// touchEvery is how often the registry is written to, to learn whether it can be.
	touchEvery   = 500 * time.Millisecond
	touchTimeout = time.Second
)

// watchStanding keeps what is known of the registry's standing.
func (s *Service) watchStanding() {
	ticker := time.NewTicker(touchEvery)
	defer ticker.Stop()
	for {
		ctx, cancel := context.WithTimeout(s.ctx, touchTimeout)
		memory, err := s.store.Touch(ctx)
		cancel()
		s.standing.note(memory, err, time.Now())
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}
