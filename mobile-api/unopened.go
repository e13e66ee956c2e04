package mobileapi

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

type roomReader interface {
	GetRoom(context.Context, *roomv1.GetRoomRequest, ...grpc.CallOption) (*roomv1.GetRoomResponse, error)
}

// unopened tells rooms that were not started from rooms that are none: the stage log knows neither, the catalogue does.
type unopened struct {
	rooms roomReader
}

// explain serves, and answers not_live instead of not_found where the room of the path has yet to start.
func (u unopened) explain(serve handler) handler {
	return func(r *request) (answer, error) {
		out, err := serve(r)
		if err == nil || fault.From(err).Code != fault.CodeNotFound {
			return out, err
		}
		got, missing := u.rooms.GetRoom(r.Context(), &roomv1.GetRoomRequest{App: string(r.app), Room: r.PathValue("room")})
		if missing != nil {
			return answer{}, fmt.Errorf("read room: %w", missing)
		}
		if got.GetRoom().GetState() == listenv1.RoomState_ROOM_STATE_SCHEDULED {
			return answer{}, fault.New(fault.CodeNotLive, "the room has not been started")
		}
		return answer{}, err
	}
}
