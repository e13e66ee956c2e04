package view

import "testing"

func TestPositionsAreReadStrictly(t *testing.T) {
	for text, want := range map[string]Position{
		"3-1207": {3, 1207}, "0-0": {}, "9223372036854775807-1": {1<<63 - 1, 1}, "03-07": {3, 7},
	} {
		if p, ok := ParsePosition(text); !ok || p != want {
			t.Errorf("%q is %v, %v", text, p, ok)
		}
	}
	for _, text := range []string{"", "-", "3", "3-", "-3", "3-x", "1-2-3", "+1-2", " 1-2", "0x1-2", "9223372036854775808-1", "1-9223372036854775808"} {
		if p, ok := ParsePosition(text); ok {
			t.Errorf("%q is %v", text, p)
		}
	}
}

func TestPositionsAreInOrder(t *testing.T) {
	rising := []Position{{}, {1, 1}, {1, 2}, {1, 900}, {2, 3}, {3, 1}}
	for i, p := range rising {
		for j, q := range rising {
			if p.IsAfter(q) != (i > j) {
				t.Errorf("%v after %v: %v", p, q, p.IsAfter(q))
			}
		}
		if PositionFrom(p.Wire()) != p {
			t.Errorf("%v comes back as %v", p, PositionFrom(p.Wire()))
		}
	}
	if rising[0].Wire() != nil {
		t.Error("the zero position is written as one")
	}
}
