package sfu

import (
	"slices"
	"time"

	"rostrum/mediaedge/audio"
)

const (
	// decay is how fast loudness is forgotten, in dB a second: who paused for breath is still the speaker.
	decay = 30
	// margin is how much louder, in dB, somebody must be to take the slot of somebody else.
	margin = 6
	// heardFor is how long what the mixer measured counts more than what clients say of themselves.
	heardFor = time.Second
)

// ranking says how loud each seat has been lately. The zero value is silence.
type ranking struct {
	loudness [audio.MaxSeats + 1]float64
	at       time.Time
}

// pass lets time go by.
func (k *ranking) pass(now time.Time) {
	forgotten := now.Sub(k.at).Seconds() * decay
	for seat := range k.loudness {
		k.loudness[seat] = max(0, k.loudness[seat]-forgotten)
	}
	k.at = now
}

// hear counts a measurement of now; 0 is silence, 127 full scale.
func (k *ranking) hear(seat audio.Seat, loudness float64) {
	k.loudness[seat] = max(k.loudness[seat], loudness)
}

// choose fills the slots of a subscriber, in place: held is who each slot carries (0: nobody), others are the seats
// that can be carried, in order. Whoever keeps a slot keeps the same one. With a slot for everybody, loudness does not
// matter.
func (k *ranking) choose(held, others []audio.Seat) {
	for i, seat := range held {
		if !slices.Contains(others, seat) {
			held[i] = 0
		}
	}
	for {
		waiting := k.loudest(others, held)
		if waiting == 0 {
			return
		}
		place := k.weakest(held)
		if place < 0 {
			return
		}
		if at := held[place]; at != 0 && k.loudness[waiting] <= k.loudness[at]+margin {
			return
		}
		held[place] = waiting
	}
}

// loudest is the loudest of the seats that hold no slot; 0 where all do.
func (k *ranking) loudest(seats, held []audio.Seat) audio.Seat {
	var found audio.Seat
	for _, seat := range seats {
		if !slices.Contains(held, seat) && (found == 0 || k.loudness[seat] > k.loudness[found]) {
			found = seat
		}
	}
	return found
}

// weakest is the place of the first free slot, or else of the quietest seat; -1 without slots.
func (k *ranking) weakest(held []audio.Seat) int {
	found := -1
	for i, seat := range held {
		if seat == 0 {
			return i
		}
		if found < 0 || k.loudness[seat] < k.loudness[held[found]] {
			found = i
		}
	}
	return found
}
