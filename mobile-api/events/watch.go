package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	// silentAfter is how long a watch may say nothing at all; an idle one says so every second.
	silentAfter = 4 * time.Second
	// saidAfter is how long a lost watch goes unsaid.
	saidAfter = time.Second
	// aheadFor is how long a stage log may be behind what was heard of it before; then what it has is taken.
	aheadFor = 5 * time.Second
	// shortWait and longWait bound the time between two tries.
	shortWait = 100 * time.Millisecond
	longWait  = 2 * time.Second
)

// item is what a watch brings next: a whole stage, an event with the frame that says it, a report of what is enforced, an
// error after which there is no more; or nothing but that all is as it was.
type item struct {
	stage    *stage
	event    *event
	entry    entry
	enforced view.Position
	past     *past
	err      error
}

// watch follows one room's stage log. A lost one is taken up again after the last event.
type watch struct {
	sockets *Sockets
	room    id.Room
	items   chan<- item

	// owned by run
	at    view.Position // of the last item; zero: a whole stage is wanted
	lost  time.Time     // zero: it is not
	said  bool
	tries int
	ahead time.Time // since when the log is behind
}

// run returns when ctx ends or the room is not there.
func (w *watch) run(ctx context.Context) {
	for {
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if fault.Is(fault.From(err), fault.CodeNotFound) {
			if err, final := w.explain(ctx, err); final {
				w.bring(ctx, item{err: err})
				return
			}
		}
		w.note(err)
		if !w.pause(ctx) {
			return
		}
	}
}

// follow watches once.
func (w *watch) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(silentAfter, cancel)
	defer silent.Stop()
	stream, err := w.open(ctx, w.at)
	if err != nil {
		return err
	}
	for {
		wire, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.CodeUnavailable, "the watch ended")
		}
		if err != nil {
			return err
		}
		silent.Reset(silentAfter)
		w.lost, w.said, w.tries, w.ahead = time.Time{}, false, 0, time.Time{}
		next, err := w.read(wire)
		if err != nil {
			return err
		}
		if !w.bring(ctx, next) {
			return ctx.Err()
		}
	}
}

func (w *watch) open(ctx context.Context, from view.Position) (grpc.ServerStreamingClient[listenerstatev1.WatchResponse], error) {
	return w.sockets.cfg.Stage.Watch(ctx, &listenerstatev1.WatchRequest{
		App: string(w.sockets.cfg.App), Room: string(w.room), From: from.Wire(), WithHands: true,
	})
}

// read turns an item of the log into ours. An event that does not follow the one before ends the watch: the next one
// begins with a whole stage.
func (w *watch) read(wire *listenerstatev1.WatchResponse) (item, error) {
	switch it := wire.GetItem().(type) {
	case *listenerstatev1.WatchResponse_Snapshot:
		s := readStage(it.Snapshot)
		w.at = s.at
		return item{stage: s}, nil
	case *listenerstatev1.WatchResponse_Event:
		e := readEvent(it.Event)
		if e.at == w.at {
			return item{}, nil
		}
		if e.at.Term != w.at.Term || e.at.Offset != w.at.Offset+1 {
			before := w.at
			w.at = view.Position{}
			return item{}, fmt.Errorf("event %v came after %v", e.at, before)
		}
		said, err := newEntry(e)
		if w.at = e.at; err != nil {
			w.at = view.Position{}
		}
		return item{event: &e, entry: said}, err
	case *listenerstatev1.WatchResponse_Enforced:
		return item{enforced: view.PositionFrom(it.Enforced)}, nil
	}
	return item{}, nil
}

// bring waits until the room takes an item; false: nobody will.
func (w *watch) bring(ctx context.Context, it item) bool {
	select {
	case w.items <- it:
		return true
	case <-ctx.Done():
		return false
	}
}

// explain says why the stage log does not know the room; false: nobody can say now.
func (w *watch) explain(ctx context.Context, missing error) (error, bool) {
	ctx, cancel := context.WithTimeout(ctx, w.sockets.pace.apply)
	defer cancel()
	why := w.sockets.cfg.RoomState(ctx, w.room)
	if why == nil {
		return missing, true
	}
	switch fault.From(why).Code {
	case fault.CodeNotFound, fault.CodeNotLive, fault.CodeEnded, fault.CodeForbidden:
		return why, true
	}
	return why, false
}

// note counts a loss, and says it once where it lasts.
func (w *watch) note(err error) {
	now := time.Now()
	w.sockets.metrics.lost.Inc()
	if w.lost.IsZero() {
		w.lost = now
	}
	if !w.said && now.Sub(w.lost) > saidAfter {
		w.said = true
		w.sockets.cfg.Log.Warn("a stage's watch was lost; its sockets hear nothing new", "error", err)
	}
	if !fault.Is(fault.From(err), fault.CodeFromAhead) {
		return
	}
	if w.ahead.IsZero() {
		w.ahead = now
	} else if now.Sub(w.ahead) > aheadFor {
		w.at = view.Position{}
	}
}

// pause waits between tries: doubling, with jitter.
func (w *watch) pause(ctx context.Context) bool {
	wait := min(shortWait<<min(w.tries, 5), longWait)
	w.tries++
	timer := time.NewTimer(wait/2 + rand.N(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
