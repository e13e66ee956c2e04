package listener

import (
	"errors"
	"testing"
	"time"

	"rostrum/mediaedge/audio"
)

// Listeners that share what they verified hear the same as others, and damage is found by each of them.
func TestListenersShareWhatTheyVerified(t *testing.T) {
	b := func(number audio.Number) []byte { return wireBatch(encoded(t, number, 5)) }
	damaged := b(12)
	damaged[12] ^= 1
	known := NewBatches()
	var first *Batch
	for range 2 {
		e := newEdge(t,
			connection{messages: [][]byte{hello(t, 10), b(10), b(11), damaged}},
			connection{messages: [][]byte{hello(t, 12), b(12), b(14)}},
			connection{messages: [][]byte{hello(t, 13), b(13)}, code: 4503, text: "moved: elsewhere"},
			connection{messages: [][]byte{hello(t, 14), b(14)}},
			connection{messages: [][]byte{hello(t, 15), b(15)}},
		)
		var broken []error
		l, err := open(t, func(c *Config) {
			c.Batches, c.Silence = known, 3*time.Second
			c.Broken = func(err error) { broken = append(broken, err) }
		}, e)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, l, "hello")
		item, err := l.Next(within(t))
		if err != nil || item.Batch == nil {
			t.Fatalf("%+v, %v", item, err)
		}
		if first == nil {
			first = item.Batch
		} else if first.Batch != item.Batch.Batch || &first.Encoded[0] != &item.Batch.Encoded[0] {
			t.Error("the same bytes were read twice")
		}
		expect(t, l, "11", "hello", "12", "hello", "13", "hello", "14", "hello", "15")
		var told *CloseError
		if len(broken) != 4 || !errors.Is(broken[0], ErrCorrupt) || !errors.Is(broken[1], ErrHole) || !errors.As(broken[2], &told) ||
			told.Code != 4503 || !errors.Is(broken[3], ErrSilent) {
			t.Errorf("broken by %v", broken)
		}
		if s := l.Stats(); s.Corrupt != 1 || s.Holes != 1 {
			t.Errorf("%+v", s)
		}
	}
}

func BenchmarkSharedBatch(b *testing.B) {
	raw := wireBatch(encoded(b, 3, 1))
	known := NewBatches()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(raw, known); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	raw := wireBatch(encoded(b, 3, 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(raw, nil); err != nil {
			b.Fatal(err)
		}
	}
}
