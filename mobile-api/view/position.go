package view

import (
	"strconv"
	"strings"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Position is a place in a stage's log; the zero position is none.
type Position struct {
	Term   uint64 `json:"term"`
	Offset uint64 `json:"offset"`
}

// ParsePosition reads "3-1207": two numbers of at most 63 bits, which may be 0.
func ParsePosition(text string) (p Position, ok bool) {
	term, offset, _ := strings.Cut(text, "-")
	var errTerm, errOffset error
	p.Term, errTerm = strconv.ParseUint(term, 10, 63)
	p.Offset, errOffset = strconv.ParseUint(offset, 10, 63)
	return p, errTerm == nil && errOffset == nil
}

// PositionFrom is the zero position where there is none.
func PositionFrom(wire *listenv1.Position) Position {
	return Position{wire.GetTerm(), wire.GetOffset()}
}

// IsAfter compares places: every position of a higher term comes after every one of a lower.
func (p Position) IsAfter(q Position) bool {
	return p.Term > q.Term || p.Term == q.Term && p.Offset > q.Offset
}

// Wire is nil for the zero position.
func (p Position) Wire() *listenv1.Position {
	if p == (Position{}) {
		return nil
	}
	return &listenv1.Position{Term: p.Term, Offset: p.Offset}
}
