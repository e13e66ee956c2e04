package audio

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

func sample() *Batch {
	b := &Batch{
		Number: 8_640_000, Epoch: 1_790_000_000_000, Rendition: Voice32, Log: Position{3, 41},
		Events: []TimedEvent{
			{Ticks: 0, Position: Position{3, 39}, Kind: EventSeated, Seat: 2, Occupant: Occupant{2, "us_0", "Ada", RoleSpeaker, true}},
			{Ticks: 4800, Position: Position{3, 40}, Kind: EventUnmuted, Seat: 2},
			{Ticks: 9599, Position: Position{3, 41}, Kind: EventEnded},
		},
		Levels: []Level{{Seat: 2, DBov: [10]uint8{30, 31, 32, 127, 127, 127, 127, 127, 20, 21}}},
	}
	for i := range b.Frames {
		b.Frames[i].Opus = bytes.Repeat([]byte{byte(i), 0xfc}, 40)
	}
	return b
}

func TestBatchSurvivesTheWire(t *testing.T) {
	want := sample()
	encoded, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeBatch(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded\n%+v\nwant\n%+v", got, want)
	}
	again, err := got.Encode()
	if err != nil || !bytes.Equal(again, encoded) {
		t.Errorf("a second encoding differs (%v)", err)
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	encoded, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(encoded) * 8 {
		damaged := bytes.Clone(encoded)
		damaged[i/8] ^= 1 << (i % 8)
		if _, err := Peek(damaged); err == nil {
			t.Fatalf("bit %d flipped and nothing noticed", i)
		}
	}
	for i := range encoded {
		if _, err := DecodeBatch(encoded[:i]); err == nil {
			t.Fatalf("the first %d bytes were accepted", i)
		}
	}
}

func TestPeekDoesNotAllocate(t *testing.T) {
	encoded, err := sample().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = Peek(encoded) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTooLargeABatchIsRefusedAtTheOrigin(t *testing.T) {
	b := sample()
	for i := range b.Frames {
		b.Frames[i].Opus = make([]byte, MaxFrameBytes)
	}
	if _, err := b.Encode(); err == nil {
		t.Error("encoded a batch above the bound")
	}
}

func TestClockIgnoresWallSteps(t *testing.T) {
	anchor := time.Now()
	c := Clock{Anchor: anchor, Media: Number(7).Start()}
	later := anchor.Add(2*time.Hour + 123456789*time.Nanosecond)
	if got, want := c.At(later), Number(7).Start()+2*3600*SampleRate+5925; got != want {
		t.Errorf("at %d, want %d", got, want)
	}
	if d := c.When(c.At(later)).Sub(later); d > 0 || d < -time.Second/SampleRate-time.Nanosecond {
		t.Errorf("there and back differs by %v", d)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	encoded, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := DecodeBatch(raw)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil {
			return // unknown fields of a newer version may make it larger or smaller, never wrong
		}
		if c, err := DecodeBatch(again); err != nil || !reflect.DeepEqual(b, c) {
			t.Fatalf("decode(encode(decode(x))) differs: %v", err)
		}
	})
}
