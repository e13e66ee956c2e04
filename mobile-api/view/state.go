package view

import listenv1 "rostrum/proto/rostrum/listen/v1"

// States of a room as they are written.
const (
	StateScheduled = "scheduled"
	StateLive      = "live"
	StateEnded     = "ended"
)

// StateFrom names a state.
func StateFrom(wire listenv1.RoomState) string {
	switch wire {
	case listenv1.RoomState_ROOM_STATE_LIVE:
		return StateLive
	case listenv1.RoomState_ROOM_STATE_ENDED:
		return StateEnded
	}
	return StateScheduled
}
