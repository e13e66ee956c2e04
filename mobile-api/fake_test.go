package mobileapi

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/id"
	"rostrum/internal/rpc"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// services are the four services, as far as a gateway can tell: they answer what a test wants and keep what was asked.
type services struct {
	roomv1.UnimplementedRoomsServer
	accountv1.UnimplementedAccountsServer
	listenerstatev1.UnimplementedListenerStateServer
	signalingv1.UnimplementedSignalingServer

	room     *roomv1.Room
	stage    *listenerstatev1.Stage
	place    uint32 // of the caller
	edges    []*signalingv1.Edge
	fragment string

	// guarded by mu
	mu    sync.Mutex
	fails map[string]error // by method
	asked map[string]proto.Message
}

func newServices() *services {
	host := id.NewUser()
	room := &roomv1.Room{
		App: "main", Id: string(id.NewRoom()), Title: "Tides", Language: "en", TimeZone: "Europe/Lisbon", Host: string(host),
		HostName: "Ada", State: listenv1.RoomState_ROOM_STATE_LIVE, OpenStage: true, MaxSeats: 20,
		Speakers: []string{string(id.NewUser())}, CreatedAt: timestamppb.New(noon), StartedAt: timestamppb.New(noon),
	}
	return &services{
		room: room,
		stage: &listenerstatev1.Stage{
			App: "main", Room: room.Id, Position: &listenv1.Position{Term: 1, Offset: 3}, State: room.State, Host: room.Host,
			Title: "Tides, renamed", MaxSeats: 20, OpenStage: true, Language: "en",
			Seats: []*listenv1.Seat{
				{Seat: 1, User: room.Host, Name: "Ada", Role: listenv1.Role_ROLE_HOST},
				{Seat: 2, User: string(id.NewUser()), Name: "Bo", Role: listenv1.Role_ROLE_SPEAKER, Muted: true},
			},
			Anchor: &listenerstatev1.OriginAnchored{Epoch: 7}, HandMode: listenv1.HandMode_HAND_MODE_OPEN, HandCount: 2,
			Hands: []*listenerstatev1.Hand{
				{User: string(id.NewUser()), Order: 2, Name: "Eve", Note: "about tides", RaisedAt: timestamppb.New(noon)},
				{User: string(id.NewUser()), Order: 3, Name: "Fay", RaisedAt: timestamppb.New(noon), AbsentSince: timestamppb.New(noon)},
			},
		},
		edges:    []*signalingv1.Edge{{Node: "edge-1", Url: "https://edge-1.example", Region: "eu"}, {Node: "edge-2"}},
		fragment: "a=ice-ufrag:x\r\n",
		fails:    map[string]error{}, asked: map[string]proto.Message{},
	}
}

// fail makes a method answer an error; nil ends it.
func (s *services) fail(method string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails[method] = err
}

func (s *services) note(method string, asked proto.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[method] = asked
	return s.fails[method]
}

// last answers what a method was asked last, or nil.
func (s *services) last(method string) proto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[method]
}

func (s *services) CreateGuest(_ context.Context, in *accountv1.CreateGuestRequest) (*accountv1.CreateGuestResponse, error) {
	return &accountv1.CreateGuestResponse{
		User:        &accountv1.User{App: in.App, Id: string(id.NewUser()), Name: in.Name, Guest: true},
		AccessToken: "a.b.c.d.e", ExpiresAt: timestamppb.New(noon.Add(24 * time.Hour)),
		RefreshToken: "rt_a.b.c", RefreshExpiresAt: timestamppb.New(noon.Add(30 * 24 * time.Hour)),
	}, s.note("CreateGuest", in)
}

func (s *services) Refresh(_ context.Context, in *accountv1.RefreshRequest) (*accountv1.RefreshResponse, error) {
	return &accountv1.RefreshResponse{
		User:        &accountv1.User{App: in.App, Id: string(id.NewUser()), Name: "Ada", Guest: true},
		AccessToken: "f.g.h.i.j", ExpiresAt: timestamppb.New(noon.Add(24 * time.Hour)),
		RefreshToken: "rt_a.b.d", RefreshExpiresAt: timestamppb.New(noon.Add(30 * 24 * time.Hour)),
	}, s.note("Refresh", in)
}

func (s *services) GetUser(_ context.Context, in *accountv1.GetUserRequest) (*accountv1.GetUserResponse, error) {
	return &accountv1.GetUserResponse{User: &accountv1.User{App: in.App, Id: in.User, Name: "Dee", Guest: true}}, s.note("GetUser", in)
}

func (s *services) CreateRoom(_ context.Context, in *roomv1.CreateRoomRequest) (*roomv1.CreateRoomResponse, error) {
	room := &roomv1.Room{
		App: in.App, Id: string(id.NewRoom()), Title: in.Title, Host: in.User, HostName: in.UserName, MaxSeats: in.MaxSeats,
		State: listenv1.RoomState_ROOM_STATE_SCHEDULED, CreatedAt: timestamppb.New(noon), ScheduledFor: in.ScheduledFor,
		Speakers: in.Speakers,
	}
	return &roomv1.CreateRoomResponse{Room: room}, s.note("CreateRoom", in)
}

func (s *services) GetRoom(_ context.Context, in *roomv1.GetRoomRequest) (*roomv1.GetRoomResponse, error) {
	return &roomv1.GetRoomResponse{Room: s.room}, s.note("GetRoom", in)
}

func (s *services) ListRooms(_ context.Context, in *roomv1.ListRoomsRequest) (*roomv1.ListRoomsResponse, error) {
	return &roomv1.ListRoomsResponse{Rooms: []*roomv1.Room{s.room, s.room}, NextCursor: "more"}, s.note("ListRooms", in)
}

func (s *services) StartRoom(_ context.Context, in *roomv1.StartRoomRequest) (*roomv1.StartRoomResponse, error) {
	return &roomv1.StartRoomResponse{Room: s.room}, s.note("StartRoom", in)
}

func (s *services) EndRoom(_ context.Context, in *roomv1.EndRoomRequest) (*roomv1.EndRoomResponse, error) {
	room := proto.CloneOf(s.room)
	room.State, room.EndedAt = listenv1.RoomState_ROOM_STATE_ENDED, timestamppb.New(noon)
	return &roomv1.EndRoomResponse{Room: room}, s.note("EndRoom", in)
}

func (s *services) Enter(_ context.Context, in *roomv1.EnterRequest) (*roomv1.EnterResponse, error) {
	out := &roomv1.EnterResponse{
		Room: s.room, Grant: "listen.grant.signed", OggGrant: "ogg.grant.signed", GrantExpiresAt: timestamppb.New(noon.Add(12 * time.Hour)),
	}
	if in.Role == listenv1.Role_ROLE_SPEAKER {
		out.SpeakGrant, out.SpeakGrantExpiresAt = "speak.grant.signed", timestamppb.New(noon.Add(5*time.Minute))
	}
	return out, s.note("Enter", in)
}

func (s *services) Apply(_ context.Context, in *listenerstatev1.ApplyRequest) (*listenerstatev1.ApplyResponse, error) {
	stage := proto.CloneOf(s.stage)
	if take := in.GetTakeSeat(); take != nil {
		stage.Position.Offset++
		stage.Seats = append(stage.Seats, &listenv1.Seat{
			Seat: 3, User: in.Actor.GetUser(), Name: take.Name, Role: listenv1.Role_ROLE_SPEAKER, Muted: take.Muted,
		})
	}
	stage.Hands = nil
	return &listenerstatev1.ApplyResponse{Position: stage.Position, Stage: stage, Place: s.place}, s.note("Apply", in)
}

func (s *services) GetStage(_ context.Context, in *listenerstatev1.GetStageRequest) (*listenerstatev1.GetStageResponse, error) {
	stage := proto.CloneOf(s.stage)
	if !in.WithHands {
		stage.Hands = nil
	}
	return &listenerstatev1.GetStageResponse{Stage: stage, Place: s.place}, s.note("GetStage", in)
}

// Watch sends a snapshot, and nothing after it.
func (s *services) Watch(in *listenerstatev1.WatchRequest, stream grpc.ServerStreamingServer[listenerstatev1.WatchResponse]) error {
	if err := s.note("Watch", in); err != nil {
		return err
	}
	snapshot := &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Snapshot{Snapshot: proto.CloneOf(s.stage)}}
	if err := stream.Send(snapshot); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (s *services) FindEdges(_ context.Context, in *signalingv1.FindEdgesRequest) (*signalingv1.FindEdgesResponse, error) {
	return &signalingv1.FindEdgesResponse{Edges: s.edges}, s.note("FindEdges", in)
}

func (s *services) CreateSession(_ context.Context, in *signalingv1.CreateSessionRequest) (*signalingv1.CreateSessionResponse, error) {
	return &signalingv1.CreateSessionResponse{
		Session: string(id.NewSession("sfu-1")), Answer: "v=0\r\n", Etag: `"tag-1"`, Seat: 1,
	}, s.note("CreateSession", in)
}

func (s *services) RestartSession(_ context.Context, in *signalingv1.RestartSessionRequest) (*signalingv1.RestartSessionResponse, error) {
	return &signalingv1.RestartSessionResponse{Fragment: s.fragment, Etag: `"tag-2"`}, s.note("RestartSession", in)
}

func (s *services) CloseSession(_ context.Context, in *signalingv1.CloseSessionRequest) (*signalingv1.CloseSessionResponse, error) {
	return &signalingv1.CloseSessionResponse{}, s.note("CloseSession", in)
}

// dial serves the services in memory, behind the interceptors that they have in production.
func (s *services) dial(t testing.TB) *grpc.ClientConn {
	t.Helper()
	network := rpc.NewMemory()
	listener, err := network.Listen("services")
	if err != nil {
		t.Fatal(err)
	}
	server := rpc.NewServer(slog.New(slog.DiscardHandler), rpc.Options{})
	roomv1.RegisterRoomsServer(server, s)
	accountv1.RegisterAccountsServer(server, s)
	listenerstatev1.RegisterListenerStateServer(server, s)
	signalingv1.RegisterSignalingServer(server, s)
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	t.Cleanup(func() { network.Close(); server.Stop(); <-served })
	conn, err := network.Dial("services")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
