package mobileapi

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

type roomReader interface {
	GetRoom(context.Context, *roomv1.GetRoomRequest, ...grpc.CallOption) (*roomv1.GetRoomResponse, error)
}

// unopened tells rooms that were not started from rooms that are none: the stage log knows neither, the catalogue does.
type unopened struct {
	app   id.App
	rooms roomReader
}

// explain serves, and answers not_live instead of not_found where the room of the path has yet to start.
func (u unopened) explain(serve handler) handler {
	return func(r *request) (answer, error) {
		out, err := serve(r)
		if err == nil || fault.From(err).Code != fault.CodeNotFound {
			return out, err
		}
		if why := u.why(r.Context(), id.Room(r.PathValue("room"))); why != nil {
			return answer{}, why
		}
		return answer{}, err
	}
}

// why answers why a room has no stage: not_live where it has yet to start, nil where the catalogue does not know.
func (u unopened) why(ctx context.Context, room id.Room) error {
	got, err := u.rooms.GetRoom(ctx, &roomv1.GetRoomRequest{App: string(u.app), Room: string(room)})
	if err != nil {
		return fmt.Errorf("read room: %w", err)
	}
	if got.GetRoom().GetState() == listenv1.RoomState_ROOM_STATE_SCHEDULED {
		return fault.New(fault.CodeNotLive, "the room has not been started")
	}
	return nil
}
