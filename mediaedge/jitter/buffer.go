// Package jitter owns the order of one publisher's Opus packets: it sorts, bounds and says what is missing.
package jitter

import (
	"iter"

	"rostrum/mediaedge/audio"
)

// Capacity is how many sequence numbers a buffer spans: 2.56 s of 20 ms packets.
const Capacity = 128

// A sequence number further away than this belongs to a restarted publisher (RFC 3550 appendix A.1).
const (
	maxAhead  = 3000
	maxBehind = 500
)

// first is the extended number of a publisher's first packet, with room below for packets that it overtook.
const first int64 = 1 << 32

// Buffer holds the packets of one publisher that were not taken yet. It knows no clock: the owner takes packets when
// their time has come. Not safe for concurrent use.
type Buffer struct {
	dropped func(Reason)

	slots   [Capacity]slot
	held    int
	started bool   // newest is meaningful
	taken   bool   // something was taken since the start, so next cannot go back
	next    int64  // extended number of the packet to take next
	newest  int64  // highest extended number seen
	last    uint16 // sequence number of newest
	end     uint32 // timestamp at which the packet taken last ended

	doubted  Packet // the first packet after a jump, until a neighbour confirms it
	doubting bool
}

type slot struct {
	full    bool
	restart bool
	number  int64
	packet  Packet
}

// New makes an empty buffer. Every dropped packet is told to dropped.
func New(dropped func(Reason)) *Buffer { return &Buffer{dropped: dropped} }

// Len is how many packets wait.
func (b *Buffer) Len() int { return b.held }

// Push keeps a packet, or drops it and says why. The buffer owns p.Opus until the packet is taken.
func (b *Buffer) Push(p Packet) {
	if !b.started {
		b.started, b.taken = true, false
		b.next, b.newest, b.last = first, first, p.Sequence
		b.put(first, p, false)
		return
	}
	delta := int64(int16(p.Sequence - b.last))
	if delta > maxAhead || delta < -maxBehind {
		b.doubt(p)
		return
	}
	if b.doubting {
		b.doubting = false
		b.dropped(Stray)
	}
	b.place(b.newest+delta, p)
}

// doubt takes the first packet after a jump on probation; a neighbour in sequence makes it a restart, whose packets
// follow those of the old sequence.
func (b *Buffer) doubt(p Packet) {
	delta := int64(int16(p.Sequence - b.doubted.Sequence))
	switch {
	case b.doubting && delta == 0:
		b.dropped(Duplicate)
	case b.doubting && delta > 0 && delta < Capacity/2:
		b.doubting = false
		number := b.newest + 1
		b.advance(number)
		b.last = b.doubted.Sequence
		b.put(number, b.doubted, true)
		b.place(number+delta, p)
	default:
		if b.doubting {
			b.dropped(Stray)
		}
		b.doubted, b.doubting = p, true
	}
}

func (b *Buffer) place(number int64, p Packet) {
	if number < b.next {
		if b.taken || b.newest-number >= Capacity {
			b.dropped(Late)
			return
		}
		b.next = number // overtaken before anything was taken
	}
	if number > b.newest {
		b.advance(number)
		b.last = p.Sequence
	}
	if b.slots[number%Capacity].full {
		b.dropped(Duplicate)
		return
	}
	b.put(number, p, false)
}

// advance makes number the newest and gives up what no longer fits.
func (b *Buffer) advance(number int64) {
	b.newest = number
	for b.next <= number-Capacity {
		s := &b.slots[b.next%Capacity]
		if s.full {
			b.remove(s)
			b.dropped(Overflow)
		}
		b.next++
	}
}

func (b *Buffer) put(number int64, p Packet, restart bool) {
	b.slots[number%Capacity] = slot{full: true, restart: restart, number: number, packet: p}
	b.held++
}

func (b *Buffer) remove(s *slot) {
	*s = slot{}
	b.held--
}

// head is the slot of the next packet that is here.
func (b *Buffer) head() *slot {
	if b.held == 0 {
		return nil
	}
	for number := b.next; number <= b.newest; number++ {
		if s := &b.slots[number%Capacity]; s.full {
			return s
		}
	}
	return nil
}

// Next answers the next packet in order without taking it. False: none waits. Whether a missing packet before it may
// still come is for the caller, who knows the time, to decide: taking the step gives it up.
func (b *Buffer) Next() (Step, bool) {
	s := b.head()
	if s == nil {
		return Step{}, false
	}
	step := Step{Packet: &s.packet}
	if !b.taken || s.restart {
		return step, true
	}
	step.Gap = max(0, ticks(s.packet.Timestamp-b.end))
	step.Missing = int(s.number - b.next)
	switch {
	case step.Missing > 0:
		step.Kind = Lost
	case step.Gap > 0:
		step.Kind = Pause
	default:
		step.Kind = Follow
	}
	return step, true
}

// Take removes the packet that Next answered.
func (b *Buffer) Take() (Packet, bool) {
	s := b.head()
	if s == nil {
		return Packet{}, false
	}
	p := s.packet
	b.end = p.Timestamp + uint32(p.Ticks)
	b.next, b.taken = s.number+1, true
	b.remove(s)
	return p, true
}

// Drop removes the packet that Next answered and says why. What follows keeps its relation to the packet taken last.
func (b *Buffer) Drop(why Reason) {
	s := b.head()
	if s == nil {
		return
	}
	restart := s.restart
	b.next = s.number + 1
	b.remove(s)
	b.dropped(why)
	if after := b.head(); restart && after != nil {
		after.restart = true
	}
}

// Waiting yields the packets that wait, in order. The buffer must not be changed meanwhile.
func (b *Buffer) Waiting() iter.Seq[*Packet] {
	return func(yield func(*Packet) bool) {
		if b.held == 0 {
			return
		}
		for number := b.next; number <= b.newest; number++ {
			if s := &b.slots[number%Capacity]; s.full && !yield(&s.packet) {
				return
			}
		}
	}
}

// Empty drops everything that waits; the next packet is a start.
func (b *Buffer) Empty() {
	for i := range b.slots {
		if b.slots[i].full {
			b.remove(&b.slots[i])
			b.dropped(Emptied)
		}
	}
	if b.doubting {
		b.doubting = false
		b.dropped(Emptied)
	}
	b.started = false
}

// ticks reads a difference of timestamps, which wrap, as a signed number.
func ticks(difference uint32) audio.Time { return audio.Time(int32(difference)) }
