package room

import (
	"context"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// Server serves a Service over gRPC.
type Server struct {
	roomv1.UnimplementedRoomsServer
	service *Service
}

// NewServer serves a service.
func NewServer(service *Service) *Server { return &Server{service: service} }

// CreateRoom makes a room.
func (s *Server) CreateRoom(ctx context.Context, in *roomv1.CreateRoomRequest) (*roomv1.CreateRoomResponse, error) {
	draft, key, err := readDraft(in)
	if err != nil {
		return nil, err
	}
	r, err := s.service.Create(ctx, draft, key)
	if err != nil {
		return nil, err
	}
	return &roomv1.CreateRoomResponse{Room: wireRoom(r)}, nil
}

// GetRoom answers one room.
func (s *Server) GetRoom(ctx context.Context, in *roomv1.GetRoomRequest) (*roomv1.GetRoomResponse, error) {
	app, room, err := readName(in)
	if err != nil {
		return nil, err
	}
	r, err := s.service.Room(ctx, app, room)
	if err != nil {
		return nil, err
	}
	return &roomv1.GetRoomResponse{Room: wireRoom(r)}, nil
}

// ListRooms lists live rooms.
func (s *Server) ListRooms(ctx context.Context, in *roomv1.ListRoomsRequest) (*roomv1.ListRoomsResponse, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return nil, err
	}
	if in.GetLimit() > maxListed {
		return nil, fault.Invalid("limit", "1 to 100")
	}
	rooms, next, err := s.service.List(ctx, app, int(in.GetLimit()), in.GetCursor())
	if err != nil {
		return nil, err
	}
	return &roomv1.ListRoomsResponse{Rooms: wireRooms(rooms), NextCursor: next}, nil
}

// StartRoom opens a room's stage.
func (s *Server) StartRoom(ctx context.Context, in *roomv1.StartRoomRequest) (*roomv1.StartRoomResponse, error) {
	app, room, user, err := readHostCommand(in)
	if err != nil {
		return nil, err
	}
	r, err := s.service.Start(ctx, app, room, user)
	if err != nil {
		return nil, err
	}
	return &roomv1.StartRoomResponse{Room: wireRoom(r)}, nil
}

// EndRoom ends a room's stage.
func (s *Server) EndRoom(ctx context.Context, in *roomv1.EndRoomRequest) (*roomv1.EndRoomResponse, error) {
	app, room, user, err := readHostCommand(in)
	if err != nil {
		return nil, err
	}
	r, err := s.service.End(ctx, app, room, user)
	if err != nil {
		return nil, err
	}
	return &roomv1.EndRoomResponse{Room: wireRoom(r)}, nil
}

// Enter signs the grants of a visitor.
func (s *Server) Enter(ctx context.Context, in *roomv1.EnterRequest) (*roomv1.EnterResponse, error) {
	app, room, err := readName(in)
	if err != nil {
		return nil, err
	}
	visitor, err := readVisitor(in)
	if err != nil {
		return nil, err
	}
	e, err := s.service.Enter(ctx, app, room, visitor)
	if err != nil {
		return nil, err
	}
	return wireEntrance(e), nil
}
