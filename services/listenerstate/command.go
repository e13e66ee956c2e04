package listenerstate

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Command is an intent: one of the rows of permissions.
type Command interface {
	// kind names the command in permissions and metrics.
	kind() string
	// about answers the person whom it is about, "" where that is the stage as a whole.
	about(by Actor) id.User
	// check refuses what no stage could accept.
	check() error
	// decide answers what the command changes, in order; nothing where the stage is as wanted already. The stage is live
	// (but for OpenRoom) and the actor permitted.
	decide(m moment) ([]Change, error)
}

// moment is what a command is decided on.
type moment struct {
	Stage
	by  Actor
	now time.Time
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
	now = now.UTC().Truncate(time.Millisecond)
	if now.Before(stage.WallTime) {
		now = stage.WallTime
	}
	if _, opening := r.Command.(OpenRoom); !opening {
		if err := stage.mustBeLive(); err != nil {
			return nil, err
		}
	}
	if err := stage.permit(r.Command, r.Actor); err != nil {
		return nil, err
	}
	changes, err := r.Command.decide(moment{stage, r.Actor, now})
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, change := range changes {
		events = append(events, Event{WallTime: now, Actor: r.Actor, Command: r.ID, Change: change})
	}
	return events, nil
}

func checkUser(user id.User) error {
	_, err := id.ParseUser(string(user))
	return err
}
