package events

import (
	"strconv"
	"strings"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// position is a place in a stage's log; the zero position is none.
type position struct {
	Term   uint64 `json:"term"`
	Offset uint64 `json:"offset"`
}

// parsePosition reads "3-1207".
func parsePosition(text string) (position, error) {
	term, offset, found := strings.Cut(text, "-")
	var p position
	var err error
	if p.Term, err = strconv.ParseUint(term, 10, 63); err == nil && found {
		p.Offset, err = strconv.ParseUint(offset, 10, 63)
	}
	if err != nil || p.Term == 0 || p.Offset == 0 {
		return position{}, fault.Invalid("from", "a term, - and an offset")
	}
	return p, nil
}

// isAfter compares places: every position of a higher term comes after every one of a lower.
func (p position) isAfter(q position) bool {
	return p.Term > q.Term || p.Term == q.Term && p.Offset > q.Offset
}

func (p position) wire() *listenv1.Position {
	if p == (position{}) {
		return nil
	}
	return &listenv1.Position{Term: p.Term, Offset: p.Offset}
}

func positionFrom(wire *listenv1.Position) position {
	return position{wire.GetTerm(), wire.GetOffset()}
}
