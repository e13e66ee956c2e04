package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Command is an intent: one of OpenRoom, EndRoom, TakeSeat, LeaveSeat, Mute, Unmute, AnchorOrigin.
type Command interface {
	// check refuses what no stage could accept.
	check() error
	// decide answers what the command changes on a stage, in order; nothing where the stage is as wanted already.
	decide(stage Stage, by Actor) ([]Change, error)
	// kind names the command in metrics.
	kind() string
}

// Request is a command with who gives it and what makes it one of a kind.
type Request struct {
	Actor Actor
	// ID is unique per intent and actor: the same one again answers the same again.
	ID id.Command
	// Payload is a hash of the whole intent, to know an id that is used again for another one.
	Payload [32]byte
	Command Command
}

func (r Request) check() error {
	if err := r.Actor.check(); err != nil {
		return err
	}
	if _, err := id.ParseCommand(string(r.ID)); err != nil {
		return err
	}
	if r.Command == nil {
		return fault.Invalid("command", "one of the known commands")
	}
	return r.Command.check()
}

// decide answers the events that a request causes on a stage; a nil answer without error means that nothing changes.
func decide(stage Stage, r Request, now time.Time) ([]Event, error) {
	changes, err := r.Command.decide(stage, r.Actor)
	if err != nil {
		return nil, err
	}
	wall := now.UTC().Truncate(time.Millisecond)
	if wall.Before(stage.WallTime) {
		wall = stage.WallTime
	}
	var events []Event
	for _, change := range changes {
		events = append(events, Event{WallTime: wall, Actor: r.Actor, Command: r.ID, Change: change})
	}
	return events, nil
}
