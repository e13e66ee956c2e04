package signaling_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
	"rostrum/services/signaling"
)

func place(t *testing.T, client signalingv1.SignalingClient, room id.Room) (*signalingv1.Home, error) {
	answer, err := client.PlaceRoom(t.Context(), &signalingv1.PlaceRoomRequest{App: string(id.Main), Room: string(room)})
	if err != nil {
		return nil, fault.From(err)
	}
	return answer.GetHome(), nil
}

func TestOnlyALiveRoomIsPlaced(t *testing.T) {
	w := newWorld(t)
	_, client, nodes := w.start("signaling", "")
	scheduled, ended, live := id.NewRoom(), id.NewRoom(), w.liveRoom()
	w.stages.set(scheduled, listenv1.RoomState_ROOM_STATE_SCHEDULED)
	w.stages.set(ended, listenv1.RoomState_ROOM_STATE_ENDED)
	for room, want := range map[id.Room]fault.Code{
		id.NewRoom(): fault.CodeNotFound, scheduled: fault.CodeNotLive, ended: fault.CodeEnded, live: fault.CodeUnavailable, "lounge": fault.CodeInvalid,
	} {
		if _, err := place(t, client, room); !fault.Is(err, want) {
			t.Errorf("%s: %v, want %s", room, err, want)
		}
	}
	w.startNode("busy", nodes, 8)
	idle := w.startNode("idle", nodes, 2)
	home, err := place(t, client, live)
	if err != nil || home.GetNode() != "idle" || home.GetAddress() != idle.address() || home.GetEpoch() == 0 {
		t.Fatalf("%v, %v", home, err)
	}
	if again, err := place(t, client, live); err != nil || again.GetEpoch() != home.GetEpoch() {
		t.Errorf("again %v, %v", again, err)
	}
}

func TestConcurrentPlacementsAreOne(t *testing.T) {
	w := newWorld(t)
	service, _, nodes := w.start("signaling", "")
	n, key := w.startNode("a", nodes, 0), signaling.RoomKey{App: id.Main, Room: w.liveRoom()}
	n.mu.Lock() // the node answers when all wait
	var calls, waiting sync.WaitGroup
	homes := make([]signaling.Home, 30)
	waiting.Add(len(homes))
	for i := range homes {
		calls.Go(func() {
			placed, err := service.PlaceRoom(caller{t.Context(), sync.OnceFunc(waiting.Done)}, key)
			if err != nil {
				t.Error(err)
			}
			homes[i] = placed.Home
		})
	}
	waiting.Wait()
	n.mu.Unlock()
	calls.Wait()
	for _, home := range homes {
		if home != homes[0] {
			t.Fatalf("homes %v and %v", home, homes[0])
		}
	}
	if got := n.calls(); got != 1 {
		t.Errorf("30 calls at one time asked the node %d times", got)
	}
}

// caller is the context of a call that says when it waits.
type caller struct {
	context.Context
	waits func()
}

func (c caller) Done() <-chan struct{} {
	c.waits()
	return c.Context.Done()
}

// Two instances place one room at one time; both answer the same home.
func TestTwoInstancesPlaceOneRoom(t *testing.T) {
	w := newWorld(t)
	_, one, nodes := w.start("one", "")
	_, two, _ := w.start("two", "")
	w.startNode("a", nodes, 0)
	w.startNode("b", nodes, 0)
	for range 10 {
		var (
			calls sync.WaitGroup
			homes [2]*signalingv1.Home
			room  = w.liveRoom()
		)
		for i, client := range []signalingv1.SignalingClient{one, two} {
			calls.Go(func() {
				home, err := place(t, client, room)
				if err != nil {
					t.Error(err)
				}
				homes[i] = home
			})
		}
		calls.Wait()
		if homes[0].GetNode() != homes[1].GetNode() || homes[0].GetEpoch() != homes[1].GetEpoch() {
			t.Fatalf("homes %v and %v", homes[0], homes[1])
		}
	}
}

func TestARoomMovesWhenItsHomeIsGone(t *testing.T) {
	w := newWorld(t)
	service, client, nodes := w.start("signaling", "")
	service.Trust()
	first, room := w.startNode("first", nodes, 0), w.liveRoom()
	before, err := place(t, client, room)
	if err != nil {
		t.Fatal(err)
	}
	w.startNode("second", nodes, 0)
	if stays, err := place(t, client, room); err != nil || stays.GetNode() != "first" {
		t.Errorf("it did not stay: %v, %v", stays, err)
	}
	first.kill()
	w.lapse()
	testkit.Eventually(t, patience, func() error {
		after, err := place(t, client, room)
		if err != nil {
			return err
		}
		if after.GetNode() != "second" {
			return fmt.Errorf("still at home on %s", after.GetNode())
		}
		if after.GetEpoch() <= before.GetEpoch() {
			t.Errorf("epoch %d after %d", after.GetEpoch(), before.GetEpoch())
		}
		return nil
	})
}

func TestAHomeIsFoundWithoutPlacing(t *testing.T) {
	w := newWorld(t)
	_, client, nodes := w.start("signaling", "")
	n, room := w.startNode("first", nodes, 0), w.liveRoom()
	find := func(room id.Room) (*signalingv1.Home, error) {
		answer, err := nodes.FindHome(t.Context(), &signalingv1.FindHomeRequest{App: string(id.Main), Room: string(room)})
		if err != nil {
			return nil, fault.From(err)
		}
		return answer.GetHome(), nil
	}
	if _, err := find("lounge"); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("a room of no kind: %v", err)
	}
	if home, err := find(room); home != nil || n.calls() != 0 {
		t.Fatalf("before it was placed %v, %v; the node was asked %d times", home, err, n.calls())
	}
	placed, err := place(t, client, room)
	if err != nil {
		t.Fatal(err)
	}
	if home, err := find(room); home.GetNode() != "first" || home.GetAddress() != n.address() || home.GetEpoch() != placed.GetEpoch() {
		t.Errorf("found %v, %v; placed %v", home, err, placed)
	}
	n.kill()
	w.lapse()
	testkit.Eventually(t, patience, func() error {
		if home, _ := find(room); home != nil {
			return fmt.Errorf("still at %v", home)
		}
		return nil
	})
}

// A registry that was emptied has forgotten who is where; the stage log has not, and the home is asked.
func TestAForgottenHomeStays(t *testing.T) {
	w := newWorld(t)
	service, client, nodes := w.start("signaling", "")
	first, room := w.startNode("first", nodes, 9), w.liveRoom()
	before, err := place(t, client, room)
	if err != nil {
		t.Fatal(err)
	}
	w.startNode("second", nodes, 0)
	w.stages.anchor(room, "first", before.GetEpoch())
	for range 20 {
		w.redis.FlushAll()
		testkit.Eventually(t, patience, func() error { // the nodes announce themselves again, in any order
			after, err := place(t, client, room)
			if err == nil && (after.GetNode() != "first" || after.GetEpoch() != before.GetEpoch()) {
				t.Fatalf("the room went from %v to %v", before, after)
			}
			return err
		})
	}
	first.kill()
	w.redis.FlushAll()
	service.Trust() // as after 10 s
	testkit.Eventually(t, patience, func() error {
		after, err := place(t, client, room)
		if err == nil && (after.GetNode() != "second" || after.GetEpoch() <= before.GetEpoch()) {
			t.Errorf("then it went from %v to %v", before, after)
		}
		return err
	})
}

// A home that does not answer is waited for while the registry is young; one that gave the room back is not.
func TestARoomIsNotMovedInHaste(t *testing.T) {
	w := newWorld(t)
	service, client, nodes := w.start("signaling", "")
	first, room, other := w.startNode("first", nodes, 0), w.liveRoom(), w.liveRoom()
	for _, r := range []id.Room{room, other} {
		if _, err := place(t, client, r); err != nil {
			t.Fatal(err)
		}
	}
	second := w.startNode("second", nodes, 0)
	if err := first.end(other); err != nil {
		t.Fatal(err)
	}
	first.kill()
	if home, err := place(t, client, other); err != nil || home.GetNode() != "second" {
		t.Errorf("the room that was given back is at %v, %v", home, err)
	}
	if home, err := place(t, client, room); err != nil || home.GetNode() != "first" {
		t.Errorf("the room whose home has a lease is at %v, %v", home, err)
	}
	w.lapse()
	if err := second.live(t.Context()); err != nil {
		t.Fatal(err)
	}
	home, err := place(t, client, room)
	if f := fault.From(err); err == nil || f.Code != fault.CodeUnavailable || f.RetryAfter == 0 {
		t.Errorf("the room whose home is gone is at %v, %v", home, err)
	}
	service.Trust()
	if home, err := place(t, client, room); err != nil || home.GetNode() != "second" {
		t.Errorf("after a while it is at %v, %v", home, err)
	}
}

func TestSessionsRouteByTheirNode(t *testing.T) {
	w := newWorld(t)
	_, client, nodes := w.start("signaling", "")
	n, room, user := w.startNode("sfu-1", nodes, 0), w.liveRoom(), string(id.NewUser())
	w.startNode("sfu-2", nodes, 9)
	create := &signalingv1.CreateSessionRequest{App: string(id.Main), Room: string(room), User: user, Offer: "v=0"}
	made, err := client.CreateSession(t.Context(), create)
	if err != nil || made.GetAnswer() != "answer to v=0" || made.GetSeat() != 3 || !strings.HasPrefix(made.GetSession(), "sfu-1.") {
		t.Fatalf("%v, %v", made, err)
	}
	restart := &signalingv1.RestartSessionRequest{
		App: string(id.Main), Room: string(room), User: user, Session: made.GetSession(), IfMatch: made.GetEtag(), Fragment: "a=ice-ufrag:x",
	}
	if again, err := client.RestartSession(t.Context(), restart); err != nil || again.GetFragment() != "sfu-1 to a=ice-ufrag:x" || again.GetEtag() != `"2"` {
		t.Errorf("%v, %v", again, err)
	}
	restart.IfMatch = `"0"`
	if _, err := client.RestartSession(t.Context(), restart); !fault.Is(fault.From(err), fault.CodePreconditionFailed) {
		t.Error(err)
	}
	leave := &signalingv1.CloseSessionRequest{App: string(id.Main), Room: string(room), User: user, Session: made.GetSession()}
	if _, err := client.CloseSession(t.Context(), leave); err != nil || len(n.closed) != 1 {
		t.Error(err, n.closed)
	}
	leave.Session = string(id.NewSession("nowhere"))
	if _, err := client.CloseSession(t.Context(), leave); !fault.Is(fault.From(err), fault.CodeNotFound) {
		t.Error(err)
	}
}

func TestStrangeSessionRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	_, client, nodes := w.start("signaling", "")
	w.startNode("sfu-1", nodes, 0)
	for name, c := range map[string]struct {
		change func(*signalingv1.CreateSessionRequest)
		want   fault.Code
	}{
		"no app":     {func(in *signalingv1.CreateSessionRequest) { in.App = "" }, fault.CodeInvalid},
		"no user":    {func(in *signalingv1.CreateSessionRequest) { in.User = "" }, fault.CodeInvalid},
		"no offer":   {func(in *signalingv1.CreateSessionRequest) { in.Offer = "" }, fault.CodeBadSDP},
		"huge offer": {func(in *signalingv1.CreateSessionRequest) { in.Offer = strings.Repeat("a", 65<<10) }, fault.CodeTooLarge},
		"bad offer":  {func(in *signalingv1.CreateSessionRequest) { in.Offer = "garbage" }, fault.CodeBadSDP},
	} {
		in := &signalingv1.CreateSessionRequest{App: string(id.Main), Room: string(w.liveRoom()), User: string(id.NewUser()), Offer: "v=0"}
		c.change(in)
		if _, err := client.CreateSession(t.Context(), in); !fault.Is(fault.From(err), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestStrangeNodesAreRefused(t *testing.T) {
	w := newWorld(t)
	_, _, nodes := w.start("signaling", "")
	for _, in := range []*signalingv1.AnnounceRequest{
		{Node: "A", Address: "a:1"}, {Node: "a"}, {Node: "a", Address: "a 1"}, {Node: "a", Address: strings.Repeat("a", 257)},
		{Node: "a", Address: "a:1", Region: "EU"}, {Node: "a", Address: "a:1", Load: &signalingv1.Load{Cpu: 2}},
	} {
		if _, err := nodes.Announce(t.Context(), in); !fault.Is(fault.From(err), fault.CodeInvalid) {
			t.Errorf("%v: %v", in, err)
		}
	}
	room := string(id.NewRoom())
	_, err := nodes.AcquireProgram(t.Context(), &signalingv1.AcquireProgramRequest{App: "main", Room: room, Node: "a", KnownEpoch: 1 << 60})
	if !fault.Is(fault.From(err), fault.CodeInvalid) {
		t.Errorf("an epoch out of bounds: %v", err)
	}
	_, err = nodes.RenewProgram(t.Context(), &signalingv1.RenewProgramRequest{App: "main", Room: room, Node: "a", Epoch: 1, Reserve: 1 << 60})
	if !fault.Is(fault.From(err), fault.CodeInvalid) {
		t.Errorf("numbers out of bounds: %v", err)
	}
}

func TestNothingBeginsAfterClose(t *testing.T) {
	w := newWorld(t)
	service, _, nodes := w.start("signaling", "")
	w.startNode("a", nodes, 0)
	service.Close()
	key := signaling.RoomKey{App: id.Main, Room: w.liveRoom()}
	if _, err := service.PlaceRoom(t.Context(), key); !fault.Is(err, fault.CodeUnavailable) {
		t.Error(err)
	}
}
