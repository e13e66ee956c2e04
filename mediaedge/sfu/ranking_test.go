package sfu

import (
	"slices"
	"testing"
	"time"

	"rostrum/mediaedge/audio"
)

func TestEverybodyHasASlotWhereTheyFit(t *testing.T) {
	var k ranking
	held := make([]audio.Seat, 3)
	k.choose(held, []audio.Seat{5, 9})
	if !slices.Equal(held, []audio.Seat{5, 9, 0}) {
		t.Fatalf("held %v", held)
	}
	k.hear(9, 127)
	k.choose(held, []audio.Seat{2, 9})
	if !slices.Equal(held, []audio.Seat{2, 9, 0}) {
		t.Errorf("held %v: who stays keeps the slot, who comes takes the first free one", held)
	}
}

func TestSlotsGoToTheLoudestAndStick(t *testing.T) {
	var k ranking
	start := time.Now()
	k.pass(start)
	others := []audio.Seat{1, 2, 3}
	held := make([]audio.Seat, 1)
	k.hear(1, 80)
	k.choose(held, others)
	k.hear(2, 80+margin)
	k.choose(held, others)
	if held[0] != 1 {
		t.Errorf("seat %d took the slot within the margin", held[0])
	}
	k.pass(start.Add(500 * time.Millisecond)) // 1 paused for breath
	k.hear(3, 70)
	k.choose(held, others)
	if held[0] != 1 {
		t.Errorf("seat %d took the slot of somebody who paused for half a second", held[0])
	}
	k.pass(start.Add(2 * time.Second))
	k.hear(3, 70)
	k.choose(held, others)
	if held[0] != 3 {
		t.Errorf("seat %d has the slot, 3 alone speaks", held[0])
	}
	k.pass(start.Add(time.Minute))
	k.choose(held, others)
	if held[0] != 3 {
		t.Errorf("seat %d took the slot in silence", held[0])
	}
}

func TestTheLoudestSeveralAreChosen(t *testing.T) {
	var k ranking
	others := []audio.Seat{1, 2, 3, 4, 5}
	for i, seat := range others {
		k.hear(seat, float64(40+10*i))
	}
	held := []audio.Seat{1, 4}
	k.choose(held, others)
	if !slices.Equal(held, []audio.Seat{5, 4}) {
		t.Errorf("held %v, want 5 in the slot of 1, and 4 where it was", held)
	}
	k.choose(nil, others) // a plain WHIP client
}
