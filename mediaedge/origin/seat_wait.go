package origin

import (
	"context"
	"sync"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// seatWaits lets a session's offer wait for the watch to bring the seat that was just taken.
type seatWaits struct {
	mu      sync.Mutex
	stage   stage
	changed chan struct{} // closed at the next change
}

func (w *seatWaits) tell(s stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stage = s
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// wait returns when the person is seated, or with not_seated when ctx ends first.
func (w *seatWaits) wait(ctx context.Context, user id.User) error {
	for {
		w.mu.Lock()
		_, seated := w.stage.seatOf(user)
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		if seated {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fault.New(fault.CodeNotSeated, "take a seat on the stage first, then send the offer again")
		}
	}
}
