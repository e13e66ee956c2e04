package listenerstate

import (
	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// HandMode says who may raise a hand; the numbers are those of the wire.
type HandMode uint8

const (
	HandsOpen    HandMode = iota + 1 // everyone known
	HandsInvited                     // listed speakers, and who was invited or seated before
	HandsClosed                      // nobody
)

func (h HandMode) String() string {
	switch h {
	case HandsOpen:
		return "open"
	case HandsInvited:
		return "invited"
	case HandsClosed:
		return "closed"
	}
	return "unknown"
}

// SetHandMode changes who may raise a hand. Closing also empties the queue.
type SetHandMode struct{ Mode HandMode }

func (SetHandMode) kind() string        { return "set_hand_mode" }
func (SetHandMode) about(Actor) id.User { return "" }

func (c SetHandMode) check() error {
	if c.Mode < HandsOpen || c.Mode > HandsClosed {
		return fault.Invalid("mode", "open, invited or closed")
	}
	return nil
}

func (c SetHandMode) decide(m moment) ([]Change, error) {
	if m.HandMode == c.Mode {
		return nil, nil
	}
	return []Change{HandModeSet(c)}, nil
}

// HandModeSet changes who may raise a hand.
type HandModeSet struct{ Mode HandMode }

func (c HandModeSet) evolve(stage Stage, _ Event) Stage {
	stage.HandMode = c.Mode
	if c.Mode == HandsClosed {
		stage.Hands = HandQueue{}
	}
	return stage
}
