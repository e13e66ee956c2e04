package mobileapi

import (
	"testing"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func TestARoomThatHasYetToStartIsNotMissing(t *testing.T) {
	w := newWorld(t)
	calls := map[string]call{
		"GetStage":      {method: "GET", path: "/v1/rooms/{room}/stage"},
		"Apply":         {method: "POST", path: "/v1/rooms/{room}/stage/me/mute", bearer: w.access},
		"GetUser":       {method: "POST", path: "/v1/rooms/{room}/stage/us_0123456789abcdefghjk/invite", bearer: w.access},
		"CreateSession": {method: "POST", path: "/v1/rooms/{room}/whip", body: "v=0", bearer: w.access, header: map[string]string{"Content-Type": mediaSDP}},
	}
	for method, c := range calls {
		w.fail(method, fault.New(fault.CodeNotFound, "no such room has been opened"))
		w.room.State = listenv1.RoomState_ROOM_STATE_SCHEDULED
		w.do(t, c).want(t, 409, fault.CodeNotLive)
		w.room.State = listenv1.RoomState_ROOM_STATE_LIVE
		w.do(t, c).want(t, 404, fault.CodeNotFound)
	}
	w.fail("GetRoom", fault.New(fault.CodeNotFound, "no such room"))
	for _, c := range calls {
		w.do(t, c).want(t, 404, fault.CodeNotFound)
	}
}
