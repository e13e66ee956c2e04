package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/obs"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"

	"github.com/alicebob/miniredis/v2"
)

// traced is a whole system whose traces are kept.
type traced struct {
	*system
	collector *testkit.Collector
	stop      func()
}

// newTraced must not run beside other systems of this process: there is one recorder of traces.
func newTraced(t *testing.T) traced {
	t.Helper()
	collector := testkit.StartCollector(t)
	stop, err := obs.Trace(t.Context(), obs.TraceConfig{Endpoint: collector.Address, Sample: 1, About: obs.About{Role: "all"}})
	must(t, err)
	over := false
	end := func() {
		if !over {
			over = true
			must(t, stop(bounded(t)))
		}
	}
	t.Cleanup(end)
	p := newPlaneOn(t, rpc.NewMemory(), miniredis.RunT(t).Addr())
	p.addSFU("sfu-1", time.Now)
	p.addEdge("edge-1")
	s, _ := p.addGateway()
	return traced{s, collector, end}
}

// one answers the only trace with a root, once as many spans are there as the outline has lines.
func (s traced) one(t *testing.T, root, outline string) testkit.Trace {
	t.Helper()
	var found testkit.Trace
	testkit.Eventually(t, 20*time.Second, func() error {
		traces := s.collector.Traces(root)
		if len(traces) != 1 || len(traces[0]) < strings.Count(outline, "\n") {
			return fmt.Errorf("%d traces of %q: %v", len(traces), root, traces)
		}
		found = traces[0]
		return nil
	})
	t.Logf("\n%s", found)
	if got := found.Outline(); got != outline {
		t.Errorf("the trace is\n%swanted\n%s", got, outline)
	}
	return found
}

// applied is a command from whoever calls to the archive.
const applied = ` rostrum.listenerstate.v1.ListenerState/Apply
  rostrum.listenerstate.v1.ListenerState/Apply
   listenerstate.wait
   listenerstate.decide
   listenerstate.append
   listenerstate.hold
   listenerstate.acknowledge
`

func TestTraces(t *testing.T) {
	s := newTraced(t)
	host, listener := s.person(t, "Host"), s.person(t, "Listener")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Traced"})
	_, err := listener.Join(bounded(t), room.ID, api.Join{})
	must(t, err)
	_, err = listener.RaiseHand(bounded(t), room.ID, "about traces")
	must(t, err)
	s.follow(t, host, room.ID).ask(t, stage.Command{Do: stage.DoLowerAll})
	said := readClip(t, "speech1").first(3 * time.Second)
	must(t, s.seat(t, host, room.ID).voice.Play(t.Context(), slices.Values(said.packets)))

	t.Run("a raised hand", func(t *testing.T) {
		got := s.one(t, "POST /v1/rooms/{room}/hand", "POST /v1/rooms/{room}/hand\n"+applied)
		checkSteps(t, got)
	})
	t.Run("a command of the events socket", func(t *testing.T) { s.one(t, "events lower_all", "events lower_all\n"+applied) })
	t.Run("a join", func(t *testing.T) {
		s.one(t, "POST /v1/rooms/{room}/join", `POST /v1/rooms/{room}/join
 rostrum.room.v1.Rooms/Enter
  rostrum.room.v1.Rooms/Enter
   roomstore.load
 rostrum.signaling.v1.Signaling/FindEdges
  rostrum.signaling.v1.Signaling/FindEdges
`)
	})
	t.Run("a speaker's first batch", func(t *testing.T) {
		s.one(t, "POST /v1/rooms/{room}/whip", `POST /v1/rooms/{room}/whip
`)
	})
}

// checkSteps wants the steps of a command one after the other within their call, and the call within the request.
func checkSteps(t *testing.T, got testkit.Trace) {
	t.Helper()
	var last testkit.Span
	for _, s := range got {
		if s.Attributes["rostrum.request_id"] == "" && s.Parent == "" {
			t.Error("the root has no request id")
		}
		if !strings.HasPrefix(s.Name, "listenerstate.") {
			continue
		}
		if last.Name != "" && s.Start.Before(last.End) {
			t.Errorf("%s begins before %s ends", s.Name, last.Name)
		}
		if s.Start.Before(got[0].Start) || s.End.After(got[0].End) {
			t.Errorf("%s is outside of the request", s.Name)
		}
		last = s
	}
}
