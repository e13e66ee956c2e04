package listenerstate

import (
	"strconv"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/stagelog"
)

// project answers what entries change in the small structures beside the log, which are read without folding it: who
// sits where, whose hand is up.
func project(entries []Entry) []stagelog.Op {
	var ops []stagelog.Op
	for _, entry := range entries {
		switch change := entry.Event.Change.(type) {
		case RoomOpened:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpClear, Target: stagelog.Seats},
				stagelog.Op{Kind: stagelog.OpClear, Target: stagelog.Hands})
		case Seated:
			ops = append(ops, seatOp(change.Seat, string(change.User)))
		case Unseated:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpRemove, Target: stagelog.Seats, Field: seatField(change.Seat)})
		case HandRaised:
			ops = append(ops, handOp(change.User, entry.Event.Position.Offset))
		case HandLowered:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpDrop, Target: stagelog.Hands, Field: string(change.User)})
		case AllHandsLowered, RoomEnded:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpClear, Target: stagelog.Hands})
		case HandModeSet:
			if change.Mode == HandsClosed {
				ops = append(ops, stagelog.Op{Kind: stagelog.OpClear, Target: stagelog.Hands})
			}
		}
	}
	return ops
}

// projectStage answers what makes the structures of a stage anew.
func projectStage(stage Stage) []stagelog.Op {
	var ops []stagelog.Op
	for _, seat := range stage.Seats {
		ops = append(ops, seatOp(seat.Number, string(seat.User)))
	}
	for hand := range stage.Hands.All() {
		ops = append(ops, handOp(hand.User, hand.Order))
	}
	return ops
}

func handOp(user id.User, order uint64) stagelog.Op {
	return stagelog.Op{Kind: stagelog.OpAdd, Target: stagelog.Hands, Field: string(user), Value: strconv.FormatUint(order, 10)}
}

func seatOp(number uint32, user string) stagelog.Op {
	return stagelog.Op{Kind: stagelog.OpSet, Target: stagelog.Seats, Field: seatField(number), Value: user}
}

func seatField(number uint32) string { return strconv.FormatUint(uint64(number), 10) }
