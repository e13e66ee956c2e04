package listenerstate

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	deliverAhead     = 64              // items between the watcher and the connection
	defaultSlowAfter = 5 * time.Second // that the connection takes none of them
)

// deliver sends a watcher's items until either side ends, and cuts a connection that does not take them.
func (s *server) deliver(w *Watcher, stream grpc.ServerStreamingServer[listenerstatev1.WatchResponse], hands bool) error {
	why := endFailed
	defer func() { w.Close(why) }()
	queue, failed := make(chan *listenerstatev1.WatchResponse, deliverAhead), make(chan error, 1)
	defer close(queue)
	// Send may block until this handler has returned; the service waits for it in Close.
	if !s.service.start(func() { failed <- send(stream, queue) }) {
		why = endClosing
		return errLeaving
	}
	for {
		item, err := w.Next(stream.Context())
		if err != nil {
			why = endOf(stream.Context(), err)
			return err
		}
		wire, err := s.wireItem(stream.Context(), w.key, item, hands)
		if err != nil {
			return err
		}
		slow := time.NewTimer(s.slowAfter)
		select {
		case queue <- wire:
			slow.Stop()
		case err := <-failed:
			slow.Stop()
			why = endLeft
			return err
		case <-slow.C:
			why = endSlow
			return fault.New(fault.CodeTooSlow, "the events were not taken for %v; watch again from the last one", s.slowAfter)
		}
	}
}

func send(stream grpc.ServerStreamingServer[listenerstatev1.WatchResponse], queue <-chan *listenerstatev1.WatchResponse) error {
	for wire := range queue {
		if err := stream.Send(wire); err != nil {
			return err
		}
	}
	return nil
}

func endOf(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return endLeft
	case fault.Is(err, fault.CodeMoved):
		return endClosing
	}
	return endFailed
}
