package room_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	"rostrum/services/room"
	"rostrum/services/room/roomstore/bolt"
)

// stages is a stage log that opens, seats and ends, and answers as over gRPC.
type stages struct {
	mu       sync.Mutex
	of       map[string]*listenerstatev1.Stage
	commands []string
	away     bool
	now      func() time.Time
}

func (s *stages) Apply(_ context.Context, in *listenerstatev1.ApplyRequest, _ ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, fault.Status(fault.New(fault.CodeUnavailable, "away"))
	}
	stage, again := s.of[in.GetRoom()], slices.Contains(s.commands, in.GetCommandId())
	switch command := in.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_OpenRoom:
		if stage == nil {
			open := command.OpenRoom
			stage = &listenerstatev1.Stage{
				App: in.GetApp(), Room: in.GetRoom(), State: listenv1.RoomState_ROOM_STATE_LIVE, Host: open.GetHost(), Title: open.GetTitle(),
				OpenStage: open.GetOpenStage(), Speakers: open.GetSpeakers(), OpenedAt: timestamppb.New(s.now()),
			}
			s.of[in.GetRoom()] = stage
		} else if !again && stage.GetState() == listenv1.RoomState_ROOM_STATE_ENDED {
			return nil, fault.Status(fault.New(fault.CodeEnded, "over"))
		}
	case *listenerstatev1.ApplyRequest_EndRoom:
		if stage == nil {
			return nil, fault.Status(fault.New(fault.CodeNotFound, "no stage"))
		}
		if !again && stage.GetState() == listenv1.RoomState_ROOM_STATE_ENDED {
			return nil, fault.Status(fault.New(fault.CodeEnded, "over"))
		}
		stage.State, stage.EndedAt = listenv1.RoomState_ROOM_STATE_ENDED, timestamppb.New(s.now())
	}
	s.commands = append(s.commands, in.GetCommandId())
	return &listenerstatev1.ApplyResponse{Stage: proto.CloneOf(stage)}, nil
}

func (s *stages) GetStage(_ context.Context, in *listenerstatev1.GetStageRequest, _ ...grpc.CallOption) (*listenerstatev1.GetStageResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, fault.Status(fault.New(fault.CodeUnavailable, "away"))
	}
	if s.of[in.GetRoom()] == nil {
		return nil, fault.Status(fault.New(fault.CodeNotFound, "no stage"))
	}
	return &listenerstatev1.GetStageResponse{Stage: proto.CloneOf(s.of[in.GetRoom()])}, nil
}

// change does to a stage what other services do.
func (s *stages) change(roomID string, do func(*listenerstatev1.Stage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.of[roomID])
}

func (s *stages) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// world is a service on a fresh disk with a stage log beside it.
type world struct {
	*room.Server
	t       *testing.T
	service *room.Service
	stages  *stages
	signer  token.Signer
	host    string

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, repairEvery time.Duration) *world {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "test.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := bolt.New(db)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, signer: token.NewSigner(), host: string(id.NewUser()), now: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC)}
	w.stages = &stages{of: map[string]*listenerstatev1.Stage{}, now: w.clock}
	w.service, err = room.New(room.Config{
		Store: store, Stage: w.stages, Signer: w.signer, CursorKey: []byte("sixteen bytes or more"), RepairEvery: repairEvery, Now: w.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.service.Close()
		db.Close()
	})
	w.Server = room.NewServer(w.service)
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) draft() *roomv1.CreateRoomRequest {
	return &roomv1.CreateRoomRequest{App: "main", User: w.host, UserName: "Ada", Title: "Harbour lights"}
}

// create makes a room from a changed draft.
func (w *world) create(change func(*roomv1.CreateRoomRequest)) *roomv1.Room {
	w.t.Helper()
	in := w.draft()
	if change != nil {
		change(in)
	}
	made, err := w.CreateRoom(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return made.GetRoom()
}

func (w *world) start(roomID string) error {
	_, err := w.StartRoom(w.t.Context(), &roomv1.StartRoomRequest{App: "main", Room: roomID, User: w.host})
	return err
}

func (w *world) end(roomID string) error {
	_, err := w.EndRoom(w.t.Context(), &roomv1.EndRoomRequest{App: "main", Room: roomID, User: w.host})
	return err
}

func (w *world) get(roomID string) *roomv1.Room {
	w.t.Helper()
	found, err := w.GetRoom(w.t.Context(), &roomv1.GetRoomRequest{App: "main", Room: roomID})
	if err != nil {
		w.t.Fatal(err)
	}
	return found.GetRoom()
}
