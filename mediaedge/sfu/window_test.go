package sfu

import "testing"

func TestWindowKnowsWhatItSaw(t *testing.T) {
	var w window
	for _, c := range []struct {
		sequence uint16
		fresh    bool
	}{{65534, true}, {65535, true}, {1, true}, {0, true}, {0, false}, {65534, false}, {100, true}, {36, false}, {37, true}, {37, false}, {40000, true}, {39999, true}} {
		if got := w.admits(c.sequence); got != c.fresh {
			t.Errorf("%d: new %v, want %v", c.sequence, got, c.fresh)
		}
	}
	if w.lacks(40000) || w.lacks(39998) || !w.lacks(40001) || (&window{}).lacks(1) {
		t.Error("lacks the wrong ones")
	}
}

func TestSlabsAreApart(t *testing.T) {
	var s slab
	a, b := s.copy([]byte{1, 2}), s.copy([]byte{3})
	_ = append(a, 9)
	if b[0] != 3 || a[0] != 1 {
		t.Errorf("%v %v", a, b)
	}
	if n := len(s.copy(make([]byte, 2*slabBytes))); n != 2*slabBytes {
		t.Errorf("copied %d", n)
	}
}
