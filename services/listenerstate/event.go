package listenerstate

import (
	"time"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// Event is one change of a stage with its envelope.
type Event struct {
	Position chain.Position
	// Prev is the hash of the event before; zero for the first of a room.
	Prev     chain.Hash
	WallTime time.Time // UTC, never before the event before
	Actor    Actor
	Command  id.Command
	Change   Change
}

// Change is what an event does: one of RoomOpened, RoomEnded, Seated, Unseated, Muted, Unmuted, Held, Released,
// HandRaised, HandLowered, AllHandsLowered, HandModeSet, HandAbsent, HandPresent, Invited, InviteClosed, Appointed,
// Dismissed, Removed, Readmitted, MediaFound, MediaLost, OriginAnchored.
type Change interface {
	// evolve answers the stage after the change, which is that of the event. It never fails: what happened, happened.
	evolve(stage Stage, e Event) Stage
}

// evolve answers the stage after an event. The stage before stays as it is.
func evolve(stage Stage, e Event) Stage {
	next := e.Change.evolve(stage, e)
	next.Position, next.WallTime = e.Position, e.WallTime
	return next
}
