package listenerstate

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// dial serves a service over in-memory gRPC, through the interceptors of every role.
func dial(t *testing.T, s *Service, slowAfter time.Duration) listenerstatev1.ListenerStateClient {
	t.Helper()
	network, grpc := rpc.NewMemory(), rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	listenerstatev1.RegisterListenerStateServer(grpc, &server{service: s, slowAfter: slowAfter})
	listener, err := network.Listen("stage")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- grpc.Serve(listener) }()
	conn, err := network.Dial("stage")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		network.Close()
		grpc.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listenerstatev1.NewListenerStateClient(conn)
}

func asUser(user id.User) *listenerstatev1.Actor {
	return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(user)}}
}

func asService(name string) *listenerstatev1.Actor {
	return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: name}}
}

func wireOpen(room id.Room, command string) *listenerstatev1.ApplyRequest {
	return &listenerstatev1.ApplyRequest{
		App: "main", Room: string(room), Actor: asService("room"), CommandId: command,
		Command: &listenerstatev1.ApplyRequest_OpenRoom{OpenRoom: &listenerstatev1.OpenRoom{Host: string(host), Title: "Morning", OpenStage: true}},
	}
}

func TestTheWholeServiceOverGRPC(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		stage, ctx, room := dial(t, h.open(t), defaultSlowAfter), t.Context(), id.NewRoom()
		opening := wireOpen(room, "open")
		first, err := stage.Apply(ctx, opening)
		if err != nil || first.GetStage().GetState() != listenv1.RoomState_ROOM_STATE_LIVE || first.GetPosition().GetOffset() != 1 {
			t.Fatalf("%v, %v", first, err)
		}
		if again, err := stage.Apply(ctx, opening); err != nil || !proto.Equal(again, first) {
			t.Errorf("the same request answers %v, %v; first was %v", again, err, first)
		}
		other := proto.CloneOf(opening)
		other.GetOpenRoom().Title = "Evening"
		_, err = stage.Apply(ctx, other)
		wantFault(t, "another request under the same id", fault.From(err), fault.CodeIdempotencyMismatch)

		watch, err := stage.Watch(ctx, &listenerstatev1.WatchRequest{App: "main", Room: string(room)})
		if err != nil {
			t.Fatal(err)
		}
		if item, err := watch.Recv(); err != nil || item.GetSnapshot().GetTitle() != "Morning" {
			t.Fatalf("%v, %v", item, err)
		}
		seated, err := stage.Apply(ctx, &listenerstatev1.ApplyRequest{
			App: "main", Room: string(room), Actor: asUser(speaker), CommandId: "seat",
			Command: &listenerstatev1.ApplyRequest_TakeSeat{TakeSeat: &listenerstatev1.TakeSeat{Name: "Stella"}},
		})
		if err != nil || seated.GetStage().GetSeats()[0].GetName() != "Stella" {
			t.Fatalf("%v, %v", seated, err)
		}
		e := seated.GetEvents()[0]
		if e.GetSchema() != 1 || len(e.GetPrevHash()) != 32 || !e.GetWallTime().IsValid() || e.GetCommandId() != "seat" || len(e.GetSealed()) != 1 {
			t.Errorf("the envelope is %v", e)
		}
		item, err := watch.Recv()
		if err != nil || !proto.Equal(item.GetEvent().GetEvent(), e) || item.GetEvent().GetOpened()["name"] != "Stella" {
			t.Errorf("heard %v, %v; want %v", item, err, e)
		}
		if item, err := watch.Recv(); err != nil || !proto.Equal(item.GetStill(), e.GetPosition()) {
			t.Errorf("a second later: %v, %v", item, err)
		}
		anchored, err := stage.Apply(ctx, &listenerstatev1.ApplyRequest{
			App: "main", Room: string(room), Actor: asService("sfu"), CommandId: "anchor",
			Command: &listenerstatev1.ApplyRequest_AnchorOrigin{AnchorOrigin: &listenerstatev1.AnchorOrigin{
				Epoch: 7, FirstNumber: 100, WallTime: timestamppb.New(noon), Node: "sfu-1",
			}},
		})
		if err != nil || anchored.GetStage().GetAnchor().GetEpoch() != 7 {
			t.Errorf("%v, %v", anchored, err)
		}
		got, err := stage.GetStage(ctx, &listenerstatev1.GetStageRequest{App: "main", Room: string(room), AtLeast: anchored.GetPosition()})
		if err != nil || !proto.Equal(got.GetStage(), anchored.GetStage()) {
			t.Errorf("%v, %v; want %v", got, err, anchored.GetStage())
		}
	})
}

func TestRequestsThatCannotBeMeant(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		stage, ctx, room := dial(t, s, defaultSlowAfter), t.Context(), string(openRoom(t, s).Room)
		for name, change := range map[string]func(*listenerstatev1.ApplyRequest){
			"no app":          func(r *listenerstatev1.ApplyRequest) { r.App = "" },
			"strange room":    func(r *listenerstatev1.ApplyRequest) { r.Room = "rm_" },
			"no actor":        func(r *listenerstatev1.ApplyRequest) { r.Actor = nil },
			"empty actor":     func(r *listenerstatev1.ApplyRequest) { r.Actor = &listenerstatev1.Actor{} },
			"strange user":    func(r *listenerstatev1.ApplyRequest) { r.Actor = asUser("us_") },
			"strange service": func(r *listenerstatev1.ApplyRequest) { r.Actor = asService("cron") },
			"no id":           func(r *listenerstatev1.ApplyRequest) { r.CommandId = "" },
			"no command":      func(r *listenerstatev1.ApplyRequest) { r.Command = nil },
			"empty mute":      func(r *listenerstatev1.ApplyRequest) { r.Command = &listenerstatev1.ApplyRequest_Mute{} },
			"strange host":    func(r *listenerstatev1.ApplyRequest) { r.GetOpenRoom().Host = "x" },
			"bad anchor time": func(r *listenerstatev1.ApplyRequest) {
				r.Command = &listenerstatev1.ApplyRequest_AnchorOrigin{AnchorOrigin: &listenerstatev1.AnchorOrigin{
					Epoch: 1, WallTime: &timestamppb.Timestamp{Seconds: 1 << 60}, Node: "a",
				}}
			},
		} {
			request := wireOpen(id.Room(room), "c")
			change(request)
			_, err := stage.Apply(ctx, request)
			wantFault(t, name, fault.From(err), fault.CodeInvalid)
		}
		_, err := stage.GetStage(ctx, &listenerstatev1.GetStageRequest{App: "main", Room: "x"})
		wantFault(t, "stage of no room", fault.From(err), fault.CodeInvalid)
		watch, err := stage.Watch(ctx, &listenerstatev1.WatchRequest{App: "A", Room: room})
		if err == nil {
			_, err = watch.Recv()
		}
		wantFault(t, "watch in no app", fault.From(err), fault.CodeInvalid)
	})
}

func TestASlowWatcherIsCutAndCostsNobodyElse(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		stage, key := dial(t, s, 300*time.Millisecond), openRoom(t, s)
		at := &listenv1.Position{Term: 1, Offset: 1}
		slow, err := stage.Watch(t.Context(), &listenerstatev1.WatchRequest{App: "main", Room: string(key.Room), From: at})
		if err != nil {
			t.Fatal(err)
		}
		good := watch(t, s, key, chain.Position{Term: 1, Offset: 1})
		const changes = 400 // more than the queue and the connection's windows hold, with such names
		name := strings.Repeat("Stella", 100)
		go func() {
			for range changes / 2 {
				insist(t, s, key, request(speaker, TakeSeat{Name: name}))
				insist(t, s, key, request(speaker, LeaveSeat{speaker}))
			}
		}()
		for n := range changes {
			if item := next(t, good); item.Entry == nil || item.Entry.Event.Position.Offset != uint64(n+2) {
				t.Fatalf("event %d: %+v", n+2, item)
			}
		}
		testkit.Eventually(t, time.Minute, func() error {
			if n := s.bells.watchers(); n != 1 {
				return errors.New("the slow watcher is still there")
			}
			return nil
		})
		heard := 0
		for err = error(nil); err == nil; heard++ {
			_, err = slow.Recv()
		}
		wantFault(t, "the slow watcher", fault.From(err), fault.CodeTooSlow)
		if heard == 0 || heard >= changes {
			t.Errorf("the slow watcher heard %d of %d before it was cut", heard, changes)
		}
	})
}

func TestClosingEndsStreams(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		stage, key := dial(t, s, defaultSlowAfter), openRoom(t, s)
		watch, err := stage.Watch(t.Context(), &listenerstatev1.WatchRequest{App: "main", Room: string(key.Room)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		for err == nil {
			_, err = watch.Recv()
		}
		wantFault(t, "the stream", fault.From(err), fault.CodeMoved)
		late, err := stage.Watch(context.Background(), &listenerstatev1.WatchRequest{App: "main", Room: string(key.Room)})
		if err == nil {
			_, err = late.Recv()
		}
		wantFault(t, "a late one", fault.From(err), fault.CodeMoved)
	})
}
