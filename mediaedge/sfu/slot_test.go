package sfu

import (
	"testing"

	"github.com/pion/rtp"
	"pgregory.net/rapid"
)

// wire keeps headers that are written to it.
type wire struct{ headers []rtp.Header }

func (w *wire) WriteRTP(header *rtp.Header, payload []byte) (int, error) {
	h := *header
	h.CSRC = append([]uint32(nil), header.CSRC...)
	w.headers = append(w.headers, h)
	return len(payload), nil
}

func (w *wire) Write(b []byte) (int, error) { return len(b), nil }

func newWiredSlot() (*slot, *wire) {
	s, w := newSlot(1), &wire{}
	s.line.Store(&line{w, 42, opusPayload})
	return s, w
}

func TestSlotGoesOnThroughASwitch(t *testing.T) {
	s, w := newWiredSlot()
	s.carriage.newest = 65533
	s.carry(3)
	for i := range uint16(3) {
		s.write(1000+i, 9600+960*uint32(i), i == 0, []byte{1})
	}
	s.carry(7)
	if why, ok := s.write(50, 9600, false, []byte{1}); ok || why != dropOvertaken {
		t.Error("time ran backwards at a switch")
	}
	s.write(51, 9600+960*3, false, []byte{1})
	s.write(50, 9600+960*2, false, []byte{1}) // late, of before the switch
	s.write(53, 9600+960*5, false, []byte{1}) // 52 is missing
	s.write(52, 9600+960*4, false, []byte{1}) // and comes late
	s.write(900, 9600+960*200, false, []byte{1})
	want := []struct {
		number uint16
		seat   uint32
		marker bool
	}{{65534, 3, true}, {65535, 3, false}, {0, 3, false}, {1, 7, true}, {3, 7, false}, {2, 7, false}, {4, 7, true}}
	if len(w.headers) != len(want) {
		t.Fatalf("%d packets sent, want %d", len(w.headers), len(want))
	}
	for i, h := range w.headers {
		if h.SequenceNumber != want[i].number || h.CSRC[0] != want[i].seat || h.Marker != want[i].marker || h.SSRC != 42 {
			t.Errorf("packet %d: %+v, want %+v", i, h, want[i])
		}
	}
}

// However publishers lose, reorder and replace each other, no number is sent twice within what a receiver remembers,
// the newest never goes back and never leaps.
func TestSlotNumbersRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, w := newWiredSlot()
		s.carry(1)
		var seen window
		next, time := uint16(rapid.Uint32().Draw(t, "start")), uint32(0)
		last := s.carriage.newest
		for range rapid.IntRange(1, 200).Draw(t, "packets") {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				s.carry(2)
				next = uint16(rapid.Uint32().Draw(t, "switch"))
				seen = window{}
			case 1:
				next += uint16(rapid.IntRange(0, 300).Draw(t, "hole"))
			}
			sequence := next - uint16(rapid.IntRange(0, 5).Draw(t, "late"))
			if sequence == next {
				next++
			}
			if !seen.admits(sequence) {
				continue // as the reader does
			}
			time += 960
			s.write(sequence, time, false, []byte{1})
		}
		var sent window
		for _, h := range w.headers {
			ahead := int16(h.SequenceNumber - last)
			if ahead > maxHole {
				t.Fatalf("%d after %d", h.SequenceNumber, last)
			}
			if !sent.admits(h.SequenceNumber) {
				t.Fatalf("%d was sent twice", h.SequenceNumber)
			}
			if ahead > 0 {
				last = h.SequenceNumber
			}
		}
	})
}
