package sfu_test

import (
	"fmt"
	"testing"

	"rostrum/client/speaker"
	"rostrum/mediaedge/sfu"
)

func TestASpeakerIsHeardInTheSlotOfAnother(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var ann, bob ears
	a := s.join(3, "us_ann", 2, ann.hear)
	b := s.join(7, "us_bob", 2, bob.hear)
	s.talk(a, 'a')
	s.talk(b, 'b')
	eventually(t, func() string {
		if ann.count(7) < 50 || bob.count(3) < 50 {
			return fmt.Sprintf("ann heard %d of bob, bob %d of ann", ann.count(7), bob.count(3))
		}
		return ""
	})
	checkRun(t, bob.all(), 3, 'a')
	checkRun(t, ann.all(), 7, 'b')
	if n := ann.count(3) + bob.count(7); n != 0 {
		t.Errorf("%d packets were sent back to their speakers", n)
	}

	// Slots carry media time: that of a packet's arrival, but for jitter.
	heard := bob.all()[0]
	for _, p := range s.ingest.from(3) {
		if p.Opus[1] == heard.Opus[1] && p.Opus[2] == heard.Opus[2] {
			if off := int32(heard.Timestamp - uint32(p.Arrival)); off < -4800 || off > 4800 {
				t.Errorf("packet %x arrived at %d and is said to be of %d", p.Opus, p.Arrival, heard.Timestamp)
			}
			if got := s.room.Timeline(3).Slot(p.Timestamp); got != heard.Timestamp {
				t.Errorf("timeline says %d, slot %d", got, heard.Timestamp)
			}
		}
	}
}

// checkRun wants packets of one seat in one slot, without hole, 20 ms apart, beginning with a marker.
func checkRun(t *testing.T, packets []speaker.Packet, seat uint8, name byte) {
	t.Helper()
	for i, p := range packets {
		if p.Seat != seat || p.Opus[0] != name || p.Slot != packets[0].Slot {
			t.Fatalf("packet %d is of seat %d in slot %d: %x", i, p.Seat, p.Slot, p.Opus)
		}
		if p.Marker != (i == 0) {
			t.Errorf("packet %d has marker %v", i, p.Marker)
		}
		if i == 0 {
			continue
		}
		before := packets[i-1]
		if p.Sequence != before.Sequence+1 || p.Timestamp != before.Timestamp+960 {
			t.Fatalf("packet %d has number %d and time %d after %d and %d", i, p.Sequence, p.Timestamp, before.Sequence, before.Timestamp)
		}
	}
}
