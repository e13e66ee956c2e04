package audio

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func sample() *Batch {
	b := &Batch{
		Number: 8_640_000, Epoch: 1_790_000_000_000, Rendition: Voice32, Log: Position{3, 41},
		Events: []TimedEvent{
			{Ticks: 0, Position: Position{3, 39}, Kind: EventSeated, Seat: 2, Occupant: Occupant{Seat: 2, User: "us_0", Name: "Ada", Role: RoleSpeaker, Muted: true}},
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

// changing is a batch in which somebody comes back, is made a moderator and held, and hands are closed.
func changing() *Batch {
	b := sample()
	seat := func(change func(*Occupant)) Occupant {
		o := Occupant{Seat: 100, User: "us_0", Name: "Ada", Role: RoleSpeaker}
		change(&o)
		return o
	}
	b.Log = Position{3, 46}
	b.Events = []TimedEvent{
		{Ticks: 0, Position: Position{3, 42}, Kind: EventSeated, Seat: 100, Occupant: seat(func(o *Occupant) { o.Away = true })},
		{Ticks: 7, Position: Position{3, 43}, Kind: EventChanged, Seat: 100, Occupant: seat(func(*Occupant) {})},
		{Ticks: 7, Position: Position{3, 44}, Kind: EventChanged, Seat: 100, Occupant: seat(func(o *Occupant) { o.Role = RoleModerator })},
		{Ticks: 8, Position: Position{3, 45}, Kind: EventChanged, Seat: 100, Occupant: seat(func(o *Occupant) { o.Muted, o.Held = true, true })},
		{Ticks: 9599, Position: Position{3, 46}, Kind: EventPolicy, Policy: Policy{OpenStage: true, OpenListening: true, Hands: HandsClosed}},
	}
	return b
}

func TestBatchSurvivesTheWire(t *testing.T) {
	for _, want := range []*Batch{sample(), changing()} {
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
}

func TestEventsAreChecked(t *testing.T) {
	event := func(seat uint32, role listenv1.Role) *listenv1.TimedEvent {
		return &listenv1.TimedEvent{Position: &listenv1.Position{Term: 1, Offset: 1}, Event: &listenv1.TimedEvent_Changed{
			Changed: &listenv1.Seat{Seat: seat, User: "us_0", Role: role},
		}}
	}
	for _, wrong := range []*listenv1.TimedEvent{
		event(0, 1), event(101, 1), event(257, 1), event(1, 0), event(1, 5), event(1, 257), event(1, -1),
		{Position: &listenv1.Position{Term: 1}, Event: &listenv1.TimedEvent_Changed{}},
		{Event: &listenv1.TimedEvent_Policy{}},
	} {
		if e, err := readEvent(wrong); err == nil {
			t.Errorf("%v was taken for %+v", wrong, e)
		}
	}
	for mode, want := range map[listenv1.HandMode]HandMode{-1: 0, 0: 0, 1: HandsOpen, 2: HandsInvited, 3: HandsClosed, 4: 0, 257: 0} {
		if p := ReadPolicy(&listenv1.Policy{HandMode: mode}); p.Hands != want {
			t.Errorf("hand mode %d is read as %d", mode, p.Hands)
		}
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
	for _, b := range []*Batch{sample(), changing()} {
		encoded, err := b.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
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
