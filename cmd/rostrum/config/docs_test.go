package config

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/configuration.md anew")

const (
	page       = "../../../docs/configuration.md"
	tableBegin = "<!-- keys: from cmd/rostrum/config, by go test ./cmd/rostrum/config -update -->\n"
	tableEnd   = "<!-- end of keys -->\n"
)

// The page's table is that of the keys.
func TestEveryKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegin)
	got, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+tableBegin+table()+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != table() {
		t.Errorf("the table of %s is another; go test ./cmd/rostrum/config -update writes it", page)
	}
}

// table is all keys in Markdown.
func table() string {
	var b strings.Builder
	for _, s := range sections {
		name := s.name
		if name == "" {
			name = "the process"
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| key | default | roles | |\n|---|---|---|---|\n", name, s.doc)
		for _, k := range keysOf(s.name, nil) {
			preset := "none"
			if k.preset != "" {
				preset = "`" + k.written(k.split(k.preset)) + "`"
			}
			if k.name == "node" {
				preset = "from the host's name"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.name, preset, k.users(), k.doc)
		}
	}
	return b.String() + "\n"
}

// users are the roles that use a key; bold are those that need it.
func (k key) users() string {
	if len(k.roles) == len(Roles()) && len(k.needed) == 0 {
		return "all"
	}
	var all []string
	for _, role := range k.roles {
		if slices.Contains(k.needed, role) {
			role = "**" + role + "**"
		}
		all = append(all, role)
	}
	return strings.Join(all, ", ")
}
