package origin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	// silentAfter is how long a watch may say nothing at all; an idle one says so every second.
	silentAfter = 4 * time.Second
	// staleAfter is how long a lost watch goes unsaid.
	staleAfter = time.Second
)

// stageLog is what an origin asks of the stage log.
type stageLog interface {
	Watch(ctx context.Context, in *listenerstatev1.WatchRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[listenerstatev1.WatchResponse], error)
	Apply(ctx context.Context, in *listenerstatev1.ApplyRequest, opts ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error)
	ReportEnforced(ctx context.Context, in *listenerstatev1.ReportEnforcedRequest, opts ...grpc.CallOption) (*listenerstatev1.ReportEnforcedResponse, error)
}

// watcher follows one room's stage log into a queue. A lost watch is taken up again from the position reached; until
// then the origin keeps what it knows, and is told since when.
type watcher struct {
	// static
	log     stageLog
	request *listenerstatev1.WatchRequest
	changes chan<- change
	logger  *slog.Logger
	metrics *Metrics

	// owned by run
	reached audio.Position // delivered
	heard   time.Time      // when the last item came
	lost    bool           // and told
}

// run returns nil when ctx ends, or the fault not_found where there is no such room.
func (w *watcher) run(ctx context.Context) error {
	var (
		wait  pause
		since time.Time
		said  bool
	)
	w.heard = time.Now()
	for {
		err := w.follow(ctx, &wait)
		if ctx.Err() != nil {
			return nil
		}
		if fault.Is(fault.From(err), fault.CodeNotFound) {
			return err
		}
		w.metrics.watchesLost.Inc()
		if !w.lost {
			if since, said = w.lostSince(), false; !w.deliver(ctx, change{lost: since}) {
				return nil
			}
			w.lost = true
		}
		if !said && time.Since(since) > staleAfter {
			said = true
			w.logger.Warn("the stage's watch was lost; who may speak stays as it was", "error", err)
		}
		if !wait.sleep(ctx) {
			return nil
		}
	}
}

// lostSince is now, unless the watch fell silent before.
func (w *watcher) lostSince() time.Time {
	if now := time.Now(); now.Sub(w.heard) < silentAfter {
		return now
	}
	return w.heard
}

func (w *watcher) follow(ctx context.Context, wait *pause) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(silentAfter, cancel)
	defer silent.Stop()
	w.request.From = audio.WirePosition(w.reached)
	stream, err := w.log.Watch(ctx, w.request)
	if err != nil {
		return err
	}
	for {
		item, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.CodeUnavailable, "the watch ended")
		}
		if err != nil {
			return err
		}
		silent.Reset(silentAfter)
		w.heard = time.Now()
		c, news, err := w.read(item)
		if err != nil {
			return err
		}
		wait.tries = 0
		if news && !w.deliver(ctx, c) {
			return ctx.Err()
		}
	}
}

// deliver hands a change over, unless ctx ends first.
func (w *watcher) deliver(ctx context.Context, c change) bool {
	select {
	case w.changes <- c:
	case <-ctx.Done():
		return false
	}
	if c.lost.IsZero() {
		w.reached, w.lost = c.at(), false
	}
	return true
}

// read answers what an item of the watch changes. The first one after a loss is news, whatever it is.
func (w *watcher) read(item *listenerstatev1.WatchResponse) (c change, news bool, err error) {
	switch it := item.GetItem().(type) {
	case *listenerstatev1.WatchResponse_Snapshot:
		s, err := readStage(it.Snapshot)
		return change{snapshot: &s}, true, err
	case *listenerstatev1.WatchResponse_Event:
		c, err := readEvent(it.Event)
		return c, true, err
	}
	return change{position: w.reached}, w.lost && w.reached != audio.Position{}, nil
}
