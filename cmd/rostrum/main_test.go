package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

// parsed is a command line as main parses it.
func parsed(t *testing.T, arguments []string) (v verbs, verb string) {
	t.Helper()
	parser, err := kong.New(&v, kong.Exit(func(int) { t.Errorf("%q ends the program", arguments) }))
	if err != nil {
		t.Fatal(err)
	}
	line, err := parser.Parse(arguments)
	if err != nil {
		t.Fatalf("rostrum %q: %v", arguments, err)
	}
	return v, line.Selected().Path()
}
