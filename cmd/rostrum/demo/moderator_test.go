package demo

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

// told is a stage in memory, whose events come a moment after the answer.
type told struct {
	items chan stage.Item

	mu      sync.Mutex
	now     api.Stage
	given   []stage.Command
	refuses int
}

func (f *told) Next(ctx context.Context) (stage.Item, error) {
	select {
	case item, more := <-f.items:
		if !more {
			return item, net.ErrClosed
		}
		return item, nil
	case <-ctx.Done():
		return stage.Item{}, ctx.Err()
	}
}

func (f *told) Stage() stage.Stage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return stage.Stage{Stage: f.now}
}

func (f *told) Do(_ context.Context, c stage.Command) (stage.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.given = append(f.given, c)
	if f.refuses > 0 {
		f.refuses--
		return stage.Answer{}, &api.Error{Code: "unavailable"}
	}
	return stage.Answer{Position: api.Position{Term: 1, Offset: f.now.Position.Offset + 1}}, nil
}

func TestTheModeratorWaitsForWhatItDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &told{now: table(4, "hb", "x", ""), items: make(chan stage.Item), refuses: 1}
		m := &moderator{stage: f, turns: newTurns("h", "b"), log: slog.New(slog.DiscardHandler)}
		ended := make(chan error)
		go func() { ended <- m.run(t.Context()) }()
		for step, want := range []int{1, 2, 2, 2} { // refused, given, not again before the stage has it
			f.items <- stage.Item{}
			time.Sleep(time.Second)
			synctest.Wait()
			if len(f.given) != want {
				t.Errorf("step %d: %d commands", step, len(f.given))
			}
		}
		seated := table(4, "hbx", "", "")
		seated.Position = api.Position{Term: 1, Offset: 1}
		f.mu.Lock()
		f.now = seated
		f.mu.Unlock()
		time.Sleep(visit + 2*lookEvery) // by the clock alone
		synctest.Wait()
		if len(f.given) != 3 || f.given[2].Do != stage.DoAudience {
			t.Errorf("%+v", f.given)
		}
		close(f.items)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
