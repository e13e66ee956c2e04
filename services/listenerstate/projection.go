package listenerstate

import (
	"strconv"

	"rostrum/services/listenerstate/stagelog"
)

// project answers what events change in the small structures beside the log, which are read without folding it: who
// sits where.
func project(events []Event) []stagelog.Op {
	var ops []stagelog.Op
	for _, e := range events {
		switch change := e.Change.(type) {
		case RoomOpened:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpClear, Target: stagelog.Seats})
		case Seated:
			ops = append(ops, seatOp(change.Seat, string(change.User)))
		case Unseated:
			ops = append(ops, stagelog.Op{Kind: stagelog.OpRemove, Target: stagelog.Seats, Field: seatField(change.Seat)})
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
	return ops
}

func seatOp(number uint32, user string) stagelog.Op {
	return stagelog.Op{Kind: stagelog.OpSet, Target: stagelog.Seats, Field: seatField(number), Value: user}
}

func seatField(number uint32) string { return strconv.FormatUint(uint64(number), 10) }
