package load

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rostrum/cmd/rostrum/report"
)

// Every key of the result stands in docs/load.md.
func TestEveryKeyIsDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/load.md")
	must(t, err)
	for _, of := range []any{result{}, gapTold{}, cost{}, report.Quantiles{}} {
		for i := range reflect.TypeOf(of).NumField() {
			key := reflect.TypeOf(of).Field(i).Tag.Get("json")
			if key != "" && !strings.Contains(string(raw), "`"+key+"`") {
				t.Errorf("docs/load.md does not know `%s`", key)
			}
		}
	}
}

func TestInvariants(t *testing.T) {
	good := result{Listeners: 3, Hearing: 3}
	if err := report.Check(good.invariants()); err != nil {
		t.Error(err)
	}
	bad := result{
		Listeners: 3, Hearing: 2, Lost: 2, Corrupt: 1, Repeated: 4, OutOfOrder: 1, EpochFalls: 1, TwoContents: 1, Ended: 1, ledgers: 1,
	}
	err := report.Check(bad.invariants())
	var told *report.BrokenError
	if !errors.As(err, &told) {
		t.Fatal(err)
	}
	var names []string
	for _, b := range told.Broken {
		names = append(names, b.Name)
	}
	want := []string{
		"lost", "corrupt", "repeated", "out_of_order", "epoch_falls", "two_contents", "listeners_sent_away", "listeners_that_heard", "ledger_polls",
	}
	if !slices.Equal(names, want) || !strings.Contains(err.Error(), "2 batches were lost to listeners") {
		t.Errorf("%q: %v", names, err)
	}
}
