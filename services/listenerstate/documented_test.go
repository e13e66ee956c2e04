package listenerstate

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rostrum/internal/fault"
)

// tableRows answers the cells of the rows of a table in docs/protocol.md whose first cell is code, by that code.
func tableRows(t testing.TB, head string) map[string][]string {
	t.Helper()
	_, table, found := strings.Cut(protocol(t), head)
	if !found {
		t.Fatalf("docs/protocol.md has no table %q", head)
	}
	rows := map[string][]string{}
	for _, line := range strings.Split(strings.TrimPrefix(table, "\n"), "\n")[1:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := snake(strings.Trim(cells[0], "`"))
		if rows[name] != nil {
			t.Errorf("%s stands twice in docs/protocol.md", name)
		}
		rows[name] = cells[1:]
	}
	return rows
}

// snake makes open_room of OpenRoom.
func snake(camel string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(camel, "${1}_${2}"))
}

// codesIn answers the words in backquotes.
func codesIn(cell string) []string {
	var words []string
	for _, match := range regexp.MustCompile("`([A-Za-z_]+)`").FindAllStringSubmatch(cell, -1) {
		words = append(words, match[1])
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// tooBigForALife are refusals that need more people than a random life has; TestBounds has them.
var tooBigForALife = map[string]fault.Code{"appoint": fault.CodeConflict, "remove": fault.CodeConflict, "raise_hand": fault.CodeQueueFull}

// everywhere are the codes that section 2.2 names once for all commands.
var everywhere = []string{
	string(fault.CodeForbidden), string(fault.CodeRemoved), string(fault.CodeNotFound), string(fault.CodeEnded),
}

// compareWithTheProtocol holds what random lives saw against the table of section 2.2: each command did what it says and
// nothing else, and was refused with what it says and nothing else.
func compareWithTheProtocol(t *testing.T, seen map[deed]int) {
	t.Helper()
	events, codes := map[string]map[string]bool{}, map[string]map[string]bool{}
	for _, p := range permissions {
		events[p.command], codes[p.command] = map[string]bool{}, map[string]bool{}
		if code, big := tooBigForALife[p.command]; big {
			codes[p.command][string(code)] = true
		}
	}
	for what := range seen {
		switch {
		case what.event != "":
			events[what.command][what.event] = true
		case what.code != "" && !slices.Contains(everywhere, string(what.code)):
			codes[what.command][string(what.code)] = true
		}
	}
	rows := tableRows(t, "| command | events | refused with, beside `forbidden` and `removed` |")
	if len(rows) != len(permissions) {
		t.Errorf("section 2.2 has %d commands of %d", len(rows), len(permissions))
	}
	for command, cells := range rows {
		if did := slices.Sorted(maps.Keys(events[command])); !slices.Equal(did, codesIn(cells[0])) {
			t.Errorf("%s did %v; section 2.2 says %v", command, did, codesIn(cells[0]))
		}
		said := slices.DeleteFunc(codesIn(cells[1]), func(code string) bool { return slices.Contains(everywhere, code) })
		if got := slices.Sorted(maps.Keys(codes[command])); !slices.Equal(got, said) {
			t.Errorf("%s was refused with %v; section 2.2 says %v", command, got, said)
		}
	}
}
