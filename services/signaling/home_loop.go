package signaling

import (
	"context"
	"time"
)

const (
	// homesEvery is how often the registry is asked whether looked-up rooms have moved.
	homesEvery = 500 * time.Millisecond
	// homesTimeout bounds one such question, homesAtOnce the rooms in it.
	homesTimeout = 2 * time.Second
	homesAtOnce  = 500
)

// watchHomes tells edges when a room that they looked up moves, and places rooms whose home is lost.
func (s *Service) watchHomes() {
	ticker := time.NewTicker(homesEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
		err := s.review()
		if err != nil && !failing && s.ctx.Err() == nil {
			s.log.Warn("the registry does not say where rooms are; edges keep what they know", "error", err)
		}
		failing = err != nil
	}
}

func (s *Service) review() error {
	keys := s.board.keys()
	for len(keys) > 0 {
		some := keys[:min(len(keys), homesAtOnce)]
		keys = keys[len(some):]
		ctx, cancel := context.WithTimeout(s.ctx, homesTimeout)
		programs, err := s.store.Programs(ctx, some...)
		cancel()
		if err != nil {
			return err
		}
		for i, key := range some {
			if s.board.review(key, programs[i], time.Now()) {
				s.settle(key)
			}
		}
	}
	return nil
}

// lookup makes an edge a reader of a room's home.
func (s *Service) lookup(key RoomKey, m *mailbox) {
	mustPlace, err := s.board.read(key, m)
	if err != nil {
		m.put(find(key, Home{}, err))
	}
	if mustPlace {
		s.settle(key)
	}
}

// settle places a room and posts what came of it, without waiting.
func (s *Service) settle(key RoomKey) {
	done, err := s.begin()
	if err != nil {
		return
	}
	go func() {
		defer done()
		placement, err := s.PlaceRoom(s.ctx, key)
		s.board.post(key, find(key, placement.Home, err), time.Now())
	}()
}
