package chain

import (
	"context"
	"errors"
	"testing"
)

func FuzzTextForms(f *testing.F) {
	for _, text := range []string{"main:rm_00000000000000000000", "1-2", "18446744073709551615-0", ":", "-", "1--1", "a:b:c", "+1-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := ParseKey(text); err == nil && key.String() != text {
			t.Errorf("%q became %q", text, key)
		}
		position, err := ParsePosition(text)
		if err != nil {
			return
		}
		if again, err := ParsePosition(position.String()); err != nil || again != position {
			t.Errorf("%q became %s, then %s, %v", text, position, again, err)
		}
	})
}

func TestHigherTermsComeLater(t *testing.T) {
	inOrder := []Position{{}, {1, 1}, {1, 2}, {2, 1}, {2, 9}, {3, 0}}
	for i, p := range inOrder {
		for j, q := range inOrder {
			if p.Before(q) != (i < j) {
				t.Errorf("%s before %s is %v", p, q, p.Before(q))
			}
		}
	}
}

func TestManyWaitForOneWrite(t *testing.T) {
	w, full := NewWrite(), errors.New("full")
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Wait(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left: %v", err)
	}
	got := make(chan error, 2)
	for range 2 {
		go func() { got <- w.Wait(context.Background()) }()
	}
	w.Finish(full)
	for range 2 {
		if err := <-got; !errors.Is(err, full) {
			t.Errorf("waited for %v", err)
		}
	}
}
