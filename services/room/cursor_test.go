package room

import (
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func FuzzCursor(f *testing.F) {
	c := cursors{[]byte("a key of some bytes")}
	place := Place{time.Unix(0, 1_790_000_000_123_456_789).UTC(), "rm_00000000000000000000"}
	good := c.text(id.Main, place)
	if got, err := c.read(id.Main, good); err != nil || got != place {
		f.Fatal(got, err)
	}
	f.Add(good)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := c.read(id.Main, text)
		switch {
		case err != nil && !fault.Is(err, fault.CodeInvalid):
			t.Fatalf("undocumented: %v", err)
		case err == nil && text != "" && c.text(id.Main, got) != text:
			t.Fatalf("%q is not a cursor of ours and reads as %v", text, got)
		}
	})
}
