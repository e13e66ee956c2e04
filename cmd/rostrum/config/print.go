package config

import (
	"fmt"
	"io"
)

// print writes a line for each key that the roles use, or for all where no role is named: the value that counts, and where
// it comes from. But for what is secret the lines are a configuration again.
func (l *loading) print(w io.Writer, roles []string) {
	for _, k := range keys {
		if len(roles) > 0 && !k.uses(roles) {
			continue
		}
		texts, from := k.split(k.preset), "default"
		if s, given := l.given[k.name]; given {
			texts, from = s.texts, s.place.String()
		}
		line := k.name + ": " + k.written(texts)
		if k.secret && !k.value.empty(&l.config) {
			line = k.name + `: "***"`
		}
		fmt.Fprintf(w, "%-48s # %s\n", line, from)
	}
}
