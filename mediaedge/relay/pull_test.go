package relay

import (
	"errors"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestASlowDownstreamIsCut(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	ring := origin.Ring(audio.Voice32)
	n := newStrictNode(t, func() (*Room, error) { return origin, nil }, 500*time.Millisecond)
	mustAppend(t, ring, 1, 300, 1)
	net := newNetwork(t, n.address)
	conn, err := net.Dial(n.address)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := relayv1.NewRelayClient(conn).Pull(within(t))
	if err != nil {
		t.Fatal(err)
	}
	open := &relayv1.PullOpen{App: string(id.Main), Room: string(testRoom), Rendition: string(audio.Voice32), From: 1, Node: "edge-9"}
	if err := stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}); err != nil {
		t.Fatal(err)
	}
	// Nothing is received: the sender fills the windows and waits, while the ring goes on.
	next := audio.Number(301)
	testkit.Eventually(t, time.Minute, func() error {
		if counted(n.server.ends.WithLabelValues("too_slow"))+counted(n.server.ends.WithLabelValues("fell_behind")) == 0 {
			mustAppend(t, ring, next, next+99, 1) // the windows may have grown to hold all of it
			next += 100
			return errors.New("not cut")
		}
		return nil
	})
	for {
		if _, err = stream.Recv(); err != nil {
			break
		}
	}
	if f := fault.From(err); f.Code != fault.CodeTooSlow {
		t.Errorf("cut with %v", err)
	}
}

func TestBadOpeningsAreRefused(t *testing.T) {
	n := newNode(t, func() (*Room, error) { return NewRoom(id.Main, testRoom), nil })
	conn, err := newNetwork(t, n.address).Dial(n.address)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*relayv1.PullOpen){
		"app": func(o *relayv1.PullOpen) { o.App = "A B" }, "room": func(o *relayv1.PullOpen) { o.Room = "x" },
		"rendition": func(o *relayv1.PullOpen) { o.Rendition = "video" }, "node": func(o *relayv1.PullOpen) { o.Node = "" },
		"hops": func(o *relayv1.PullOpen) { o.Hops = 4 }, "from": func(o *relayv1.PullOpen) { o.From = 1 << 63 },
	} {
		stream, err := relayv1.NewRelayClient(conn).Pull(within(t))
		if err != nil {
			t.Fatal(err)
		}
		open := &relayv1.PullOpen{App: string(id.Main), Room: string(testRoom), Rendition: string(audio.Voice32), Node: "edge-9"}
		change(open)
		if err := stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: open}}); err != nil {
			t.Fatal(err)
		}
		if item, err := stream.Recv(); err == nil {
			t.Errorf("a wrong %s was answered with %v", name, item)
		}
	}
}
