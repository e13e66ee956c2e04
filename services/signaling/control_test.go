package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// edge is an edge's side of a control stream.
type edge struct {
	grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder]
	t      *testing.T
	cancel context.CancelFunc
}

func openControl(t *testing.T, nodes signalingv1.NodesClient) *edge {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	stream, err := nodes.Control(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &edge{stream, t, cancel}
}

func hello(name, enrolment string) *signalingv1.EdgeReport {
	return &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Hello{Hello: &signalingv1.EdgeHello{
		Node: name, Region: "eu", PublicUrl: "http://" + name, Address: name + ":7011", BootId: 1, EnrolmentToken: enrolment,
	}}}
}

// join opens a control stream and takes the keys.
func join(t *testing.T, nodes signalingv1.NodesClient, name string) *edge {
	t.Helper()
	e := openControl(t, nodes)
	e.say(hello(name, ""))
	if e.hear().GetKeys() == nil {
		t.Fatal("the first order is not the keys")
	}
	return e
}

func (e *edge) say(report *signalingv1.EdgeReport) {
	e.t.Helper()
	if err := e.Send(report); err != nil {
		e.t.Fatal(err)
	}
}

func (e *edge) hear() *signalingv1.EdgeOrder {
	e.t.Helper()
	order, err := e.Recv()
	if err != nil {
		e.t.Fatal(err)
	}
	return order
}

func (e *edge) lookup(room id.Room) {
	e.t.Helper()
	e.say(&signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Lookup{Lookup: &signalingv1.Lookup{App: string(id.Main), Room: string(room)}}})
}

// ended answers the fault that the stream ends with.
func (e *edge) ended() error {
	for {
		if _, err := e.Recv(); err != nil {
			return fault.From(err)
		}
	}
}

func TestAnEdgeIsLetInByItsToken(t *testing.T) {
	w := newWorld(t)
	_, _, nodes := w.start("signaling", "let me in")
	for name, report := range map[string]*signalingv1.EdgeReport{
		"no token": hello("e", ""), "another": hello("e", "let me out"),
	} {
		e := openControl(t, nodes)
		e.say(report)
		if err := e.ended(); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := openControl(t, nodes)
	e.say(hello("e", "let me in"))
	keys := e.hear().GetKeys().GetKeys()
	if len(keys) != 1 {
		t.Fatalf("keys %v", keys)
	}
	key, err := token.NewPublicKey(keys[0].GetId(), keys[0].GetEd25519())
	if err != nil || key != w.signer.Public() {
		t.Errorf("%v, %v", key, err)
	}
}

func TestEveryEdgeIsToldWhenKeysAreReplaced(t *testing.T) {
	w := newWorld(t)
	_, _, nodes := w.start("signaling", "")
	edges := []*edge{join(t, nodes, "one"), join(t, nodes, "two")}
	for range 3 {
		first, second := token.NewSigner().Public(), token.NewSigner().Public()
		w.keys.replace(first, second)
		for _, e := range edges {
			if keys := e.hear().GetKeys().GetKeys(); len(keys) != 2 || keys[0].GetId() != first.ID || keys[1].GetId() != second.ID {
				t.Fatalf("an edge was told %v", keys)
			}
		}
	}
}

func TestStrangeReportsEndTheStream(t *testing.T) {
	w := newWorld(t)
	_, _, nodes := w.start("signaling", "")
	load := &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Load{Load: &signalingv1.Load{Cpu: -1}}}
	lookup := &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Lookup{Lookup: &signalingv1.Lookup{App: "main", Room: "lounge"}}}
	badURL := hello("e", "")
	badURL.GetHello().PublicUrl = "e"
	for name, reports := range map[string][]*signalingv1.EdgeReport{
		"no hello": {load}, "a bad name": {hello("E", "")}, "a bad address": {badURL},
		"two": {hello("e", ""), hello("e", "")}, "a bad load": {hello("e", ""), load}, "a bad room": {hello("e", ""), lookup},
	} {
		e := openControl(t, nodes)
		for _, report := range reports {
			if e.Send(report) != nil {
				break
			}
		}
		if err := e.ended(); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEdgeIsToldWhereARoomIsAndWhenItMoves(t *testing.T) {
	w := newWorld(t)
	service, _, nodes := w.start("signaling", "")
	service.Trust()
	first, room := w.startNode("first", nodes, 0), w.liveRoom()
	e := join(t, nodes, "e")
	e.lookup(room)
	home := e.hear().GetHome()
	if home.GetNode() != "first" || home.GetAddress() != first.address() || home.GetRoom() != string(room) || home.GetEpoch() == 0 {
		t.Fatalf("told %v", home)
	}
	w.startNode("second", nodes, 0)
	first.kill()
	w.lapse()
	moved := e.hear().GetHome()
	for moved.GetNode() != "second" { // told the old home again while its lease stands
		moved = e.hear().GetHome()
	}
	if moved.GetEpoch() <= home.GetEpoch() {
		t.Errorf("moved from %v to %v", home, moved)
	}
}

func TestAnEdgeIsToldWhenARoomBeginsAndEnds(t *testing.T) {
	w := newWorld(t)
	_, client, nodes := w.start("signaling", "")
	n, room := w.startNode("a", nodes, 0), id.NewRoom()
	w.stages.set(room, listenv1.RoomState_ROOM_STATE_SCHEDULED)
	e := join(t, nodes, "e")
	e.lookup(id.NewRoom())
	if got := e.hear().GetNotHome(); got.GetCode() != "not_found" {
		t.Errorf("a room that is not: %v", got)
	}
	e.lookup(room)
	if got := e.hear().GetNotHome(); got.GetCode() != "not_live" || got.GetRoom() != string(room) {
		t.Errorf("before the start: %v", got)
	}
	w.stages.set(room, listenv1.RoomState_ROOM_STATE_LIVE)
	if _, err := place(t, client, room); err != nil {
		t.Fatal(err)
	}
	if got := e.hear().GetHome(); got.GetNode() != "a" {
		t.Errorf("after the start: %v", got)
	}
	w.stages.set(room, listenv1.RoomState_ROOM_STATE_ENDED)
	if err := n.end(room); err != nil {
		t.Fatal(err)
	}
	if got := e.hear().GetNotHome(); got.GetCode() != "ended" {
		t.Errorf("after the end: %v", got)
	}
}

func TestALookupOutlastsTheLackOfNodes(t *testing.T) {
	w := newWorld(t)
	_, _, nodes := w.start("signaling", "")
	room := w.liveRoom()
	e := join(t, nodes, "e")
	e.lookup(room)
	if got := e.hear().GetNotHome(); got.GetCode() != "unavailable" {
		t.Errorf("without nodes: %v", got)
	}
	w.startNode("a", nodes, 0)
	order := e.hear()
	for order.GetHome() == nil {
		order = e.hear()
	}
	if order.GetHome().GetNode() != "a" {
		t.Errorf("with a node: %v", order)
	}
}

func TestEveryInstanceFindsEveryEdge(t *testing.T) {
	w := newWorld(t)
	first, one, nodes := w.start("one", "")
	_, two, _ := w.start("two", "")
	find := &signalingv1.FindEdgesRequest{App: string(id.Main), Room: string(id.NewRoom()), Region: "eu"}
	if _, err := one.FindEdges(t.Context(), find); !fault.Is(fault.From(err), fault.CodeUnavailable) {
		t.Errorf("without edges: %v", err)
	}
	e := join(t, nodes, "e")
	expect := func(client signalingv1.SignalingClient, want int) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			edges, err := client.FindEdges(t.Context(), find)
			if err != nil && !fault.Is(fault.From(err), fault.CodeUnavailable) {
				return err
			}
			if got := len(edges.GetEdges()); got != want {
				return fmt.Errorf("%d edges, want %d", got, want)
			}
			return nil
		})
	}
	expect(one, 1)
	expect(two, 1)
	edges, err := one.FindEdges(t.Context(), find)
	if err != nil || edges.GetEdges()[0].GetUrl() != "http://e" {
		t.Errorf("%v, %v", edges, err)
	}
	e.cancel()
	expect(one, 0)
	expect(two, 0)

	stays := join(t, nodes, "f")
	expect(two, 1)
	closed := make(chan error, 1)
	go func() { closed <- first.Close() }()
	if err := stays.ended(); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("the stream ended with %v", err)
	}
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal(errors.New("Close waits for something"))
	}
	expect(two, 1) // it serves on while it looks for another instance
}
