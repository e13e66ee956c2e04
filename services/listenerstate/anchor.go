package listenerstate

import (
	"strconv"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// AnchorOrigin ties media time to wall time, once per epoch, by the SFU that makes the program.
type AnchorOrigin struct {
	Epoch       uint64
	FirstNumber uint64
	WallTime    time.Time // when the first sample of FirstNumber was captured
	Node        id.Node
}

func (AnchorOrigin) kind() string        { return "anchor_origin" }
func (AnchorOrigin) about(Actor) id.User { return "" }

func (c AnchorOrigin) check() error {
	if c.Epoch == 0 {
		return fault.Invalid("epoch", "above 0")
	}
	if c.WallTime.IsZero() || c.WallTime.Year() < 1970 || c.WallTime.Year() > 9999 {
		return fault.Invalid("wall_time", "a time")
	}
	_, err := id.ParseNode(string(c.Node))
	return err
}

func (c AnchorOrigin) decide(m moment) ([]Change, error) {
	if c.Epoch <= m.Anchor.Epoch {
		return nil, fault.New(fault.CodeConflict, "an origin of the same or a higher epoch has anchored the program").
			With("epoch", strconv.FormatUint(m.Anchor.Epoch, 10))
	}
	if c.FirstNumber < m.Anchor.FirstNumber {
		return nil, fault.New(fault.CodeConflict, "numbers of the program only rise").
			With("first_number", strconv.FormatUint(m.Anchor.FirstNumber, 10))
	}
	c.WallTime = c.WallTime.UTC()
	return []Change{OriginAnchored(c)}, nil
}

// OriginAnchored starts an epoch of the program. The zero value means that there was none yet.
type OriginAnchored AnchorOrigin

func (c OriginAnchored) evolve(stage Stage, _ Event) Stage {
	stage.Anchor = c
	return stage
}
