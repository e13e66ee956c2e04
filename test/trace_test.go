package test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/obs"
	"rostrum/internal/testkit"
)

// traced is a whole system whose traces are kept.
type traced struct {
	*system
	collector *testkit.Collector
}

// newTraced must not run beside other systems of this process: a process has one recorder of traces.
func newTraced(t *testing.T) traced {
	t.Helper()
	collector := testkit.StartCollector(t)
	stop, err := obs.Trace(t.Context(), obs.TraceConfig{Endpoint: collector.Address, Sample: 1, About: obs.About{Role: "all"}})
	must(t, err)
	t.Cleanup(func() { must(t, stop(context.Background())) })
	p := newPlane(t)
	p.addSFU("sfu-1", time.Now)
	p.addEdge("edge-1")
	s, _ := p.addGateway()
	return traced{s, collector}
}

// first answers the first trace with a root, once it has as many spans as the outline has lines.
func (s traced) first(t *testing.T, root, outline string) testkit.Trace {
	t.Helper()
	outline = root + "\n" + outline
	var found testkit.Trace
	testkit.Eventually(t, patience, func() error {
		traces := s.collector.Traces(root)
		if len(traces) == 0 || len(traces[0]) < strings.Count(outline, "\n") {
			return fmt.Errorf("the traces of %q are %v", root, traces)
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

// The parts of traces below their roots, those of one parent by name: the caller's side of a call, then the other's.
const (
	applied = ` rostrum.listenerstate.v1.ListenerState/Apply
  rostrum.listenerstate.v1.ListenerState/Apply
   listenerstate.acknowledge
   listenerstate.append
   listenerstate.decide
   listenerstate.hold
   listenerstate.prepare
   listenerstate.wait
`
	entered = ` rostrum.listenerstate.v1.ListenerState/GetStage
  rostrum.listenerstate.v1.ListenerState/GetStage
 rostrum.room.v1.Rooms/Enter
  rostrum.room.v1.Rooms/Enter
   roomstore.load
 rostrum.signaling.v1.Signaling/FindEdges
  rostrum.signaling.v1.Signaling/FindEdges
`
	spoken = ` rostrum.signaling.v1.Signaling/CreateSession
  rostrum.signaling.v1.Signaling/CreateSession
   rostrum.media.v1.Media/Offer
    rostrum.media.v1.Media/Offer
     origin.first_batch
     origin.first_packet
   signaling.place
    rostrum.listenerstate.v1.ListenerState/GetStage
     rostrum.listenerstate.v1.ListenerState/GetStage
    rostrum.media.v1.Media/HostRoom
     rostrum.media.v1.Media/HostRoom
      rostrum.signaling.v1.Nodes/AcquireProgram
       rostrum.signaling.v1.Nodes/AcquireProgram
`
)

// TestTraces follows what people do through the roles, and to the store or the first batch.
func TestTraces(t *testing.T) {
	t.Parallel()
	s := newTraced(t)
	host, listener := s.person(t, "Host"), s.person(t, "Listener")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Traced"}).ID
	_, err := listener.Join(bounded(t), room, api.Join{Role: "listener"})
	must(t, err)
	_, err = listener.RaiseHand(bounded(t), room, "about traces")
	must(t, err)
	s.follow(t, host, room).ask(t, stage.Command{Do: stage.DoLowerAll})
	said := readClip(t, "speech1").first(3 * time.Second)
	must(t, s.seat(t, host, room).voice.Play(t.Context(), slices.Values(said.packets)))

	t.Run("a join", func(t *testing.T) { s.first(t, "POST /v1/rooms/{room}/join", entered) })
	t.Run("a raised hand", func(t *testing.T) {
		checkSteps(t, s.first(t, "POST /v1/rooms/{room}/hand", applied))
	})
	t.Run("a command of an events socket", func(t *testing.T) {
		checkSteps(t, s.first(t, "events lower_all", applied))
	})
	t.Run("an events socket that is open", func(t *testing.T) { s.first(t, "GET /v1/rooms/{room}/events", "") })
	t.Run("from a microphone to a batch", func(t *testing.T) {
		got := s.first(t, "POST /v1/rooms/{room}/whip", spoken)
		packet, batch := find(t, got, "origin.first_packet"), find(t, got, "origin.first_batch")
		if batch.Start.Before(packet.End) || batch.Attributes["rostrum.end"] != "heard" || batch.Attributes["rostrum.batch"] == "" {
			t.Errorf("the first packet came at %v, the first batch is %+v", packet.End, batch)
		}
	})
}

// checkSteps wants the steps of a command one after the other, within the request, which has an id.
func checkSteps(t *testing.T, got testkit.Trace) {
	t.Helper()
	root := got[0]
	if !obs.IsRequestID(root.Attributes["rostrum.request_id"]) {
		t.Errorf("the request has the id %q", root.Attributes["rostrum.request_id"])
	}
	at := root.Start
	for _, name := range []string{"prepare", "wait", "decide", "append", "hold", "acknowledge"} {
		step := find(t, got, "listenerstate."+name)
		if step.Start.Before(at) || step.End.Before(step.Start) || step.End.After(root.End) {
			t.Errorf("%s is out of its order", name)
		}
		at = step.End
	}
}

func find(t *testing.T, in testkit.Trace, name string) testkit.Span {
	t.Helper()
	i := slices.IndexFunc(in, func(s testkit.Span) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return in[i]
}
