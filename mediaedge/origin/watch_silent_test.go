package origin

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// wire is a watch that a test speaks on.
type wire struct {
	stageLog
	grpc.ClientStream

	ctx   context.Context
	items chan *listenerstatev1.WatchResponse
	from  []*listenv1.Position
}

func (w *wire) Watch(ctx context.Context, in *listenerstatev1.WatchRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[listenerstatev1.WatchResponse], error) {
	w.ctx = ctx
	w.from = append(w.from, in.GetFrom())
	return w, nil
}

func (w *wire) Recv() (*listenerstatev1.WatchResponse, error) {
	select {
	case item := <-w.items:
		if item == nil {
			return nil, fault.Unavailable(errors.New("cut"), "the watch was cut")
		}
		return item, nil
	case <-w.ctx.Done():
		return nil, w.ctx.Err()
	}
}

func TestWhenAWatchWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics, err := newMetrics(nil)
		must(t, err)
		w := &wire{items: make(chan *listenerstatev1.WatchResponse)}
		changes := make(chan change, 8)
		follow := &watcher{
			log: w, changes: changes, logger: slog.New(slog.DiscardHandler), metrics: metrics, request: &listenerstatev1.WatchRequest{},
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- follow.run(ctx) }()
		still := &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Still{Still: &listenv1.Position{Term: 1, Offset: 5}}}
		w.items <- snapshotOf(5)
		if c := <-changes; c.snapshot == nil {
			t.Fatalf("first came %+v", c)
		}
		<-time.After(time.Second)
		w.items <- still
		heard := time.Now()
		c := <-changes // after 4 s of silence
		if !c.lost.Equal(heard) || time.Since(heard) != silentAfter {
			t.Errorf("lost since %v, noticed after %v", c.lost.Sub(heard), time.Since(heard))
		}
		w.items <- still
		if c := <-changes; !c.lost.IsZero() || c.kind != changeNothing || c.at() != at(5) {
			t.Errorf("the first word after a loss is %+v", c)
		}
		<-time.After(time.Second)
		w.items <- nil
		if c := <-changes; !c.lost.Equal(time.Now()) {
			t.Errorf("cut off now, lost since %v", c.lost)
		}
		for range 5 {
			w.items <- nil // and again
		}
		w.items <- seatedEvent(6, "us_ann", 1)
		if c := <-changes; c.kind != changeSeated {
			t.Errorf("a loss was told more than once, or its end not: %+v", c)
		}
		w.items <- still
		synctest.Wait()
		if len(changes) != 0 {
			t.Errorf("%d changes too many", len(changes))
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for i, from := range w.from[1:] {
			if from.GetOffset() != 5 {
				t.Errorf("watch %d began from %v", i+2, from)
			}
		}
	})
}
