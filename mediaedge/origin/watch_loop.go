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
}

// watcher follows one room's stage log into a queue. A lost watch is taken up again from the position reached; until
// then the origin keeps what it knows.
type watcher struct {
	log     stageLog
	request *listenerstatev1.WatchRequest // From moves with what was delivered
	changes chan<- change
	logger  *slog.Logger
	metrics *Metrics
}

// run returns nil when ctx ends, or the fault not_found where there is no such room.
func (w *watcher) run(ctx context.Context) error {
	var (
		wait pause
		lost time.Time
		said bool
	)
	for {
		err := w.follow(ctx, &wait)
		if ctx.Err() != nil {
			return nil
		}
		if fault.Is(fault.From(err), fault.CodeNotFound) {
			return err
		}
		w.metrics.watchesLost.Inc()
		if wait.tries == 0 {
			lost, said = time.Now(), false
		}
		if !said && time.Since(lost) > staleAfter {
			said = true
			w.logger.Warn("the stage's watch was lost; who may speak stays as it was", "error", err)
		}
		if !wait.sleep(ctx) {
			return nil
		}
	}
}

func (w *watcher) follow(ctx context.Context, wait *pause) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.log.Watch(ctx, w.request)
	if err != nil {
		return err
	}
	silent := time.AfterFunc(silentAfter, cancel)
	defer silent.Stop()
	for {
		item, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.CodeUnavailable, "the watch ended")
		}
		if err != nil {
			return err
		}
		silent.Reset(silentAfter)
		wait.tries = 0
		c, err := read(item)
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		select {
		case w.changes <- *c:
			w.request.From = audio.WirePosition(c.position())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func read(item *listenerstatev1.WatchResponse) (*change, error) {
	switch it := item.GetItem().(type) {
	case *listenerstatev1.WatchResponse_Snapshot:
		s, err := readStage(it.Snapshot)
		return &change{snapshot: &s}, err
	case *listenerstatev1.WatchResponse_Event:
		c, err := readEvent(it.Event)
		return &c, err
	}
	return nil, nil
}

func (c change) position() audio.Position {
	if c.snapshot != nil {
		return c.snapshot.position
	}
	return c.event.Position
}
