package room

import (
	"context"
	"math/rand/v2"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// lookTimeout bounds what a repair spends on one room.
const lookTimeout = 2 * time.Second

// repair compares live rows with their stages, which alone decide, until ctx ends. All instances do so, each in its own
// time; writes are conditional.
func (s *Service) repair(ctx context.Context) {
	for {
		timer := time.NewTimer(s.every/2 + rand.N(s.every))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		for _, app := range s.apps {
			if err := s.repairApp(ctx, app); err != nil && ctx.Err() == nil {
				s.log.Warn("live rooms are not compared with their stages now", "app", app, "error", err)
			}
		}
	}
}

func (s *Service) repairApp(ctx context.Context, app id.App) error {
	var after Place
	for {
		rooms, err := s.store.Live(ctx, app, after, maxListed)
		if err != nil || len(rooms) == 0 {
			return err
		}
		for _, r := range rooms {
			if err := s.repairRoom(ctx, r); err != nil {
				return err
			}
		}
		last := rooms[len(rooms)-1]
		after = Place{last.Started, last.ID}
	}
}

// repairRoom lets one row follow its stage. A stage that is not to be found is left to whoever restores it.
func (s *Service) repairRoom(ctx context.Context, r Room) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	stage, err := s.look(ctx, r)
	if fault.Is(err, fault.CodeNotFound) {
		s.metrics.repairs.WithLabelValues("stage_lost").Inc()
		return nil
	}
	if err != nil {
		return err
	}
	next, err := s.settle(ctx, r, stage)
	if err != nil {
		return err
	}
	result := "same"
	if next.State != r.State {
		result = "followed"
	}
	s.metrics.repairs.WithLabelValues(result).Inc()
	return nil
}
