package test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// stageLog is the log of a room as services watch it.
type stageLog struct {
	mu     sync.Mutex
	events []*listenerstatev1.StageEvent
	ended  error
}

// watchLog keeps what is logged after a position, until the test ends.
func (h *hall) watchLog(after api.Position) *stageLog {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := h.plane.stage.Watch(ctx, &listenerstatev1.WatchRequest{
		App: string(id.Main), Room: h.room, From: &listenv1.Position{Term: after.Term, Offset: after.Offset},
	})
	must(h.t, err)
	l, over := &stageLog{}, make(chan struct{})
	go func() {
		defer close(over)
		for {
			item, err := stream.Recv()
			l.mu.Lock()
			if event := item.GetEvent(); event != nil {
				l.events = append(l.events, event)
			}
			l.ended = err
			l.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	h.t.Cleanup(func() {
		cancel()
		<-over
	})
	return l
}

// all waits for what happened up to a position, and answers it. Offsets rise by one.
func (l *stageLog) all(t testing.TB, final api.Position) []*listenerstatev1.StageEvent {
	t.Helper()
	var out []*listenerstatev1.StageEvent
	testkit.Eventually(t, patience, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if n := len(l.events); n == 0 || positionOf(l.events[n-1]) != final {
			return fmt.Errorf("%d events of the log, not %v; ended: %v", n, final, l.ended)
		}
		out = slices.Clone(l.events)
		return nil
	})
	for i := 1; i < len(out); i++ {
		if before, now := positionOf(out[i-1]), positionOf(out[i]); now.Term != before.Term || now.Offset != before.Offset+1 {
			t.Fatalf("in the log %v follows %v", now, before)
		}
	}
	return out
}

func positionOf(e *listenerstatev1.StageEvent) api.Position {
	p := e.GetEvent().GetPosition()
	return api.Position{Term: p.GetTerm(), Offset: p.GetOffset()}
}

// checkWatchers wants each watcher to have got every event of the log once, in its order. The answer is how long each was
// on its way.
func (h *hall) checkWatchers(log []*listenerstatev1.StageEvent, events map[uint64]stage.Event) []time.Duration {
	h.t.Helper()
	var lags []time.Duration
	for i, w := range h.watchers {
		heard := w.heard(events, h.begin)
		for at := range max(len(heard), len(log)) {
			if at >= len(heard) || at >= len(log) || heard[at].what.Position != positionOf(log[at]) || !isSame(heard[at].what, log[at]) {
				h.t.Errorf("watcher %d has %d events of %d, the first other one at %d", i, len(heard), len(log), at)
				break
			}
		}
		for _, e := range heard {
			lags = append(lags, e.at.Sub(e.what.At))
		}
	}
	return lags
}

// isSame compares what a watcher was told with what is logged, of the events that this test causes.
func isSame(e stage.Event, logged *listenerstatev1.StageEvent) bool {
	payload := logged.GetEvent()
	switch e.Kind {
	case stage.HandRaised:
		return payload.GetHandRaised().GetUser() == e.User && e.Order == e.Position.Offset && e.Name == logged.GetOpened()["name"]
	case stage.Muted:
		return payload.GetMuted().GetUser() == e.User
	case stage.Unmuted:
		return payload.GetUnmuted().GetUser() == e.User
	case stage.Invited:
		return payload.GetInvited().GetUser() == e.User
	case stage.InviteClosed:
		return payload.GetInviteClosed().GetUser() == e.User
	case stage.HandModeSet:
		return payload.GetHandModeSet() != nil
	}
	return false
}
