package listenerstate

import (
	"context"
	"errors"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/stagelog"
)

// reading is one look at the log that everyone shares who asked before it began.
type reading struct {
	done chan struct{} // closes when view and err are there
	view View
	err  error
}

// current answers the newest view of a room once all of it is acknowledged.
func (s *Service) current(ctx context.Context, k *keeper) (View, error) {
	r, first := k.join()
	if first {
		s.rooms.hold(k)
		read := func() {
			defer s.rooms.done(k)
			s.read(context.WithoutCancel(ctx), k, r)
		}
		if !s.start(read) {
			read()
		}
	}
	select {
	case <-r.done:
		return r.view, r.err
	case <-ctx.Done():
		return View{}, fault.New(fault.CodeTimeout, "the room is busy; try again")
	}
}

// join answers the reading that comes next; first: the caller is to do it.
func (k *keeper) join() (r *reading, first bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading == nil {
		k.reading, first = &reading{done: make(chan struct{})}, true
	}
	return k.reading, first
}

// begin ends the time in which others may join a reading.
func (k *keeper) begin(r *reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading == r {
		k.reading = nil
	}
}

func (s *Service) read(ctx context.Context, k *keeper, r *reading) {
	r.err = errAgain
	for n := 0; n < s.attempts && errors.Is(r.err, errAgain); n++ {
		if n > 0 {
			pause(ctx, n)
		}
		var p pending
		if p, r.err = s.look(ctx, k, r); r.err == nil {
			r.view = p.view
		}
	}
	if errors.Is(r.err, errAgain) {
		r.err = fault.Unavailable(r.err, "the stage is being repaired; try again")
	}
	close(r.done)
}

// look reads what the log has beyond the keeper, and waits until it is acknowledged.
func (s *Service) look(ctx context.Context, k *keeper, r *reading) (pending, error) {
	<-k.turn
	k.begin(r)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p, err := s.lookInTurn(ctx, k)
	k.give()
	if err != nil {
		return p, err
	}
	return p, s.settle(ctx, k, &p)
}

func (s *Service) lookInTurn(ctx context.Context, k *keeper) (pending, error) {
	if err := s.ready(ctx, k); err != nil {
		return pending{}, err
	}
	if k.head.Offset == 0 {
		return pending{}, fault.New(fault.CodeNotFound, "no such room has been opened")
	}
	if err := s.refresh(ctx, k); err != nil {
		k.loaded = false
		if errors.Is(err, stagelog.ErrLost) || errors.Is(err, errDiverged) || errors.Is(err, stagelog.ErrRestarted) {
			return pending{}, errAgain
		}
		return pending{}, fault.Unavailable(err, "the stage log cannot be reached; try again")
	}
	edition, _ := k.which()
	return pending{view: k.view(), edition: edition, write: k.latest}, nil
}
