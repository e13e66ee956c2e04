package api

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in the stage log. A higher term follows every offset of a lower one.
type Position struct {
	Term   uint64 `json:"term"`
	Offset uint64 `json:"offset"`
}

// String answers "term-offset", as queries have it.
func (p Position) String() string {
	return strconv.FormatUint(p.Term, 10) + "-" + strconv.FormatUint(p.Offset, 10)
}

// After says whether p comes after q.
func (p Position) After(q Position) bool {
	if p.Term != q.Term {
		return p.Term > q.Term
	}
	return p.Offset > q.Offset
}

// ParsePosition reads "term-offset".
func ParsePosition(text string) (Position, error) {
	before, after, found := strings.Cut(text, "-")
	term, err := strconv.ParseUint(before, 10, 64)
	offset, err2 := strconv.ParseUint(after, 10, 64)
	if !found || err != nil || err2 != nil {
		return Position{}, fmt.Errorf("%q is not a term, - and an offset", text)
	}
	return Position{term, offset}, nil
}
