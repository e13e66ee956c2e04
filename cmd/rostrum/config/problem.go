package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Key      string // "" where it is about no key in particular
	Text     string
	sentence bool // the text names the key
	place    place
}

// String is "where: key: what is wrong".
func (p Problem) String() string {
	parts := []string{p.place.String(), p.Key, p.Text}
	if p.sentence || p.place.rank == rankEnvironment || p.place.rank == rankFlag { // text or place names it
		parts[1] = ""
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ": ")
}

// Error is all that is wrong with a configuration.
type Error struct {
	Problems []Problem // in the order of their places
	More     int       // further problems that are not listed
}

// Error is a line with their number and a line for each problem.
func (e *Error) Error() string {
	var b strings.Builder
	if count := len(e.Problems) + e.More; count == 1 {
		b.WriteString("the configuration has 1 error:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d errors:", count)
	}
	for _, p := range e.Problems {
		b.WriteString("\n" + p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// problemsShown bounds what a file that is no configuration can make of a terminal.
const problemsShown = 100

// failure is nil where nothing is wrong.
func failure(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.place.compare(b.place) })
	shown := problems[:min(len(problems), problemsShown)]
	return &Error{Problems: shown, More: len(problems) - len(shown)}
}

// rank orders places: what is written further down wins over what is above.
type rank int

const (
	rankRole rank = iota
	rankPreset
	rankFile
	rankEnvironment
	rankFlag
)

// place is where a value was given.
type place struct {
	rank rank
	name string // of the file, the variable, the flag, or what a default was made from
	line int    // of the file, from 1; 0: the file as a whole
	turn int    // order among those that have no line
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.rank, q.rank), cmp.Compare(p.line, q.line), cmp.Compare(p.turn, q.turn))
}

func (p place) String() string {
	switch {
	case p.rank == rankFile && p.line > 0:
		return p.name + ":" + strconv.Itoa(p.line)
	case p.rank == rankEnvironment:
		return "environment " + p.name
	case p.rank == rankFlag:
		return "--set " + p.name
	default:
		return p.name
	}
}

// quoted bounds what is repeated of a value.
func quoted(text string) string {
	const longest = 64
	if len(text) > longest {
		return strconv.Quote(text[:longest]) + "…"
	}
	return strconv.Quote(text)
}
