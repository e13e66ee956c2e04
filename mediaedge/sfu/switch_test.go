package sfu_test

import (
	"fmt"
	"testing"

	"rostrum/client/speaker"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

func TestTheLoudestTakeTurnsInOneSlot(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 1, heard.hear)
	for seat := audio.Seat(2); seat <= 4; seat++ {
		s.talk(s.join(seat, id.User(fmt.Sprint("us_", seat)), 0, nil), byte(seat))
	}
	for _, loud := range []audio.Seat{4, 2, 3} {
		eventually(t, func() string {
			// The mixer goes on measuring; the others are silent to it.
			levels := map[audio.Seat]uint8{2: audio.Silence, 3: audio.Silence, 4: audio.Silence}
			levels[loud] = 20
			s.room.Heard(levels)
			packets := heard.all()
			for _, p := range packets[max(0, len(packets)-20):] {
				if p.Seat != uint8(loud) {
					return fmt.Sprintf("seat %d is heard, not %d", p.Seat, loud)
				}
			}
			if len(packets) < 20 {
				return "nobody is heard"
			}
			return ""
		})
	}
	checkTurns(t, heard.all())
}

// checkTurns wants one slot whose numbers go on through switches, whose time rises and whose switches are marked.
func checkTurns(t *testing.T, packets []speaker.Packet) {
	t.Helper()
	turns := 0
	for i, p := range packets {
		if p.Slot != 1 || p.Opus[0] != p.Seat {
			t.Fatalf("packet %d of seat %d in slot %d says %d", i, p.Seat, p.Slot, p.Opus[0])
		}
		if i == 0 {
			continue
		}
		before := packets[i-1]
		if p.Sequence != before.Sequence+1 || int32(p.Timestamp-before.Timestamp) <= 0 {
			t.Fatalf("packet %d has number %d and time %d after %d and %d", i, p.Sequence, p.Timestamp, before.Sequence, before.Timestamp)
		}
		if p.Seat != before.Seat {
			turns++
			if !p.Marker {
				t.Errorf("packet %d begins seat %d without a marker", i, p.Seat)
			}
		}
	}
	if turns < 2 || turns > 6 {
		t.Errorf("%d turns, want 2 and few more", turns)
	}
}

func TestWhoComesAndGoesMovesNobody(t *testing.T) {
	s := newStage(t, sfu.Config{})
	var heard ears
	s.join(1, "us_listens", 3, heard.hear)
	slots := make(map[uint8]int)
	check := func(seats ...uint8) {
		t.Helper()
		before := len(heard.all())
		eventually(t, func() string {
			for _, seat := range seats {
				n := 0
				for _, p := range heard.all()[before:] {
					if p.Seat == seat {
						n++
					}
				}
				if n < 10 {
					return fmt.Sprintf("seat %d is not heard", seat)
				}
			}
			return ""
		})
		for _, p := range heard.all()[before:] {
			if at, known := slots[p.Seat]; known && at != p.Slot {
				t.Fatalf("seat %d moved from slot %d to %d", p.Seat, at, p.Slot)
			}
			slots[p.Seat] = p.Slot
		}
	}
	s.talk(s.join(2, "us_2", 0, nil), 2)
	check(2)
	s.talk(s.join(3, "us_3", 0, nil), 3)
	check(2, 3)
	s.talk(s.join(4, "us_4", 0, nil), 4)
	check(2, 3, 4)
	s.room.Deny(3)
	check(2, 4)
	s.talk(s.join(5, "us_5", 0, nil), 5)
	check(2, 4, 5)
	if slots[5] != slots[3] {
		t.Errorf("seat 5 is in slot %d, that of seat 3 (%d) is free", slots[5], slots[3])
	}
}
