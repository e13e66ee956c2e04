// Package report owns how a command that measures tells what it found, the same for all of them: a line of progress every
// second, a table at the end, as the last line "RESULT " and one JSON object, an error where an invariant is broken, and a
// page with plots for whoever wants one (docs/load.md).
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Mark begins the last line of standard output; a JSON object follows.
const Mark = "RESULT "

// Result writes the last line. Keys are snake_case, times in seconds, sizes in bytes.
func Result(w io.Writer, result any) error {
	encoded, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", Mark, encoded)
	return err
}

// Field is a figure with its name.
type Field struct{ Name, Value string }

// Of makes a field of anything that fmt can print.
func Of(name string, value any) Field { return Field{name, fmt.Sprint(value)} }

// Progress writes what holds while a command runs.
type Progress struct {
	out   io.Writer
	begun time.Time
}

// NewProgress makes one whose lines begin with the time since begun.
func NewProgress(out io.Writer, begun time.Time) *Progress { return &Progress{out, begun} }

// Say writes one line. What cannot be written is not worth stopping for.
func (p *Progress) Say(now time.Time, fields ...Field) {
	var line strings.Builder
	fmt.Fprintf(&line, "%5.0fs", now.Sub(p.begun).Seconds())
	for _, f := range fields {
		fmt.Fprintf(&line, "  %s %s", f.Name, f.Value)
	}
	fmt.Fprintln(p.out, line.String())
}

// Note writes a sentence between the lines of figures.
func (p *Progress) Note(now time.Time, format string, args ...any) {
	fmt.Fprintf(p.out, "%5.0fs  %s\n", now.Sub(p.begun).Seconds(), fmt.Sprintf(format, args...))
}
