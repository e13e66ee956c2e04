package red

import (
	"bytes"
	"errors"
	"testing"
)

func TestPayloadIsTakenApart(t *testing.T) {
	// Two copies of type 111, 1920 and 960 ticks old, of 3 and 2 bytes; primary of 4.
	payload := []byte{
		0x80 | 111, 1920 >> 6, 1920 & 63 << 2, 3,
		0x80 | 111, 960 >> 6, 960 & 63 << 2, 2,
		111,
		1, 2, 3, 4, 5, 6, 7, 8, 9,
	}
	b, err := Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{{111, 1920, 2, []byte{1, 2, 3}}, {111, 960, 1, []byte{4, 5}}}
	got := b.Redundant()
	if len(got) != 2 {
		t.Fatalf("%d redundant packets", len(got))
	}
	for i, w := range want {
		if g := got[i]; g.PayloadType != w.PayloadType || g.Offset != w.Offset || g.Distance != w.Distance || !bytes.Equal(g.Payload, w.Payload) {
			t.Errorf("block %d is %+v, want %+v", i, g, w)
		}
	}
	if p := b.Primary(); p.PayloadType != 111 || p.Offset != 0 || p.Distance != 0 || !bytes.Equal(p.Payload, []byte{6, 7, 8, 9}) {
		t.Errorf("primary is %+v", p)
	}
}

func TestPrimaryAlone(t *testing.T) {
	b, err := Parse([]byte{63, 9})
	if err != nil || len(b.Redundant()) != 0 || !bytes.Equal(b.Primary().Payload, []byte{9}) {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestMalformedPayloadsAreRefused(t *testing.T) {
	for name, payload := range map[string][]byte{
		"empty":              {},
		"no primary header":  {0x80 | 111, 0, 0, 0},
		"half a header":      {0x80 | 111, 0},
		"length beyond":      {0x80 | 111, 0, 3, 0xff, 111, 1, 2},
		"too many redundant": append(bytes.Repeat([]byte{0x80 | 111, 0, 0, 0}, MaxRedundant+1), 111),
	} {
		if _, err := Parse(payload); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	payload := []byte{0x80 | 111, 15, 0, 2, 111, 1, 2, 3}
	if n := testing.AllocsPerRun(100, func() {
		b, err := Parse(payload)
		if err != nil || len(b.Redundant()) != 1 {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x80 | 111, 15, 0, 2, 111, 1, 2, 3})
	f.Add([]byte{111})
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := Parse(payload)
		if err != nil {
			return
		}
		total := 1 + len(b.Primary().Payload)
		for i, r := range b.Redundant() {
			total += 4 + len(r.Payload)
			if int(r.Distance) != len(b.Redundant())-i || r.Offset >= 1<<14 {
				t.Fatalf("block %d: %+v", i, r)
			}
		}
		if total != len(payload) {
			t.Fatalf("%d bytes in, %d accounted for", len(payload), total)
		}
	})
}
