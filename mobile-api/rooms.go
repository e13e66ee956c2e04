package mobileapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// catalogue is what is known of rooms that one may not be in.
type catalogue interface {
	CreateRoom(context.Context, *roomv1.CreateRoomRequest, ...grpc.CallOption) (*roomv1.CreateRoomResponse, error)
	GetRoom(context.Context, *roomv1.GetRoomRequest, ...grpc.CallOption) (*roomv1.GetRoomResponse, error)
	ListRooms(context.Context, *roomv1.ListRoomsRequest, ...grpc.CallOption) (*roomv1.ListRoomsResponse, error)
	starter
}

type starter interface {
	StartRoom(context.Context, *roomv1.StartRoomRequest, ...grpc.CallOption) (*roomv1.StartRoomResponse, error)
	EndRoom(context.Context, *roomv1.EndRoomRequest, ...grpc.CallOption) (*roomv1.EndRoomResponse, error)
}

const (
	maxListed = 100
	maxCursor = 512
)

// rooms makes, lists, starts and ends rooms.
type rooms struct {
	catalogue catalogue
	stages    stages
}

func (n rooms) list(r *request) (answer, error) {
	limit, cursor, err := page(r)
	if err != nil {
		return answer{}, err
	}
	listed, err := n.catalogue.ListRooms(r.Context(), &roomv1.ListRoomsRequest{App: string(r.app), Limit: limit, Cursor: cursor})
	if err != nil {
		return answer{}, fmt.Errorf("list rooms: %w", err)
	}
	found := n.stages.all(r, listed.GetRooms())
	out := struct {
		Rooms      []wireRoom `json:"rooms"`
		NextCursor string     `json:"next_cursor"`
	}{make([]wireRoom, 0, len(found)), listed.GetNextCursor()}
	for i, room := range listed.GetRooms() {
		out.Rooms = append(out.Rooms, roomFrom(room, found[i]))
	}
	return inJSON(http.StatusOK, out)
}

// page reads which part of a list is wanted.
func page(r *request) (limit uint32, cursor string, err error) {
	query := r.URL.Query()
	if text := query.Get("limit"); query.Has("limit") {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n < 1 || n > maxListed {
			return 0, "", fault.Invalid("limit", fmt.Sprintf("1 to %d", maxListed))
		}
		limit = uint32(n)
	}
	cursor = query.Get("cursor")
	notPrintable := func(c rune) bool { return c <= ' ' || c > '~' }
	if len(cursor) > maxCursor || strings.ContainsFunc(cursor, notPrintable) {
		return 0, "", fault.Invalid("cursor", "the next_cursor of an answer")
	}
	return limit, cursor, nil
}

func (n rooms) read(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	got, err := n.catalogue.GetRoom(r.Context(), &roomv1.GetRoomRequest{App: string(r.app), Room: string(room)})
	if err != nil {
		return answer{}, fmt.Errorf("read room: %w", err)
	}
	return n.with(r, got.GetRoom())
}

func (n rooms) start(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	started, err := n.catalogue.StartRoom(r.Context(), &roomv1.StartRoomRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user),
	})
	if err != nil {
		return answer{}, fmt.Errorf("start room: %w", err)
	}
	return n.with(r, started.GetRoom())
}

func (n rooms) end(r *request) (answer, error) {
	room, err := r.room()
	if err != nil {
		return answer{}, err
	}
	ended, err := n.catalogue.EndRoom(r.Context(), &roomv1.EndRoomRequest{
		App: string(r.app), Room: string(room), User: string(r.who.user),
	})
	if err != nil {
		return answer{}, fmt.Errorf("end room: %w", err)
	}
	return n.with(r, ended.GetRoom())
}

// with answers a room and who is on its stage. Only live rooms have somebody there.
func (n rooms) with(r *request, room *roomv1.Room) (answer, error) {
	if room.GetState() != listenv1.RoomState_ROOM_STATE_LIVE {
		return inJSON(http.StatusOK, roomFrom(room, nil))
	}
	return inJSON(http.StatusOK, roomFrom(room, n.stages.all(r, []*roomv1.Room{room})[0]))
}
