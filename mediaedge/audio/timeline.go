package audio

import "sync/atomic"

// Timeline maps the RTP timestamps of one publisher to media time. The first packet anchors it; afterwards the lane
// that mixes the publisher shifts it, in pauses, as the publisher's clock drifts. Safe for one writer and any readers,
// so that slots and mix agree on when a word was said.
type Timeline struct {
	state atomic.Uint64 // bit 32: anchored; low 32 bits: media time minus RTP timestamp, modulo 2^32
}

const anchored = 1 << 32

// Anchor says that the packet with this timestamp arrived at a media time. Only the first call after a reset counts.
func (l *Timeline) Anchor(timestamp uint32, arrival Time) {
	l.state.CompareAndSwap(0, anchored|uint64(uint32(arrival)-timestamp))
}

// Slot is the media time of a timestamp modulo 2^32, as slots carry it. The mapping must be anchored.
func (l *Timeline) Slot(timestamp uint32) uint32 { return timestamp + uint32(l.state.Load()) }

// At is the media time of a timestamp, taken to be within 2^31 ticks (12 hours) of near.
func (l *Timeline) At(timestamp uint32, near Time) Time {
	return near + Time(int32(l.Slot(timestamp)-uint32(near)))
}

// Shift moves everything after it by a number of ticks. False: the mapping is not anchored, there is nothing to move.
func (l *Timeline) Shift(ticks Time) bool {
	for {
		old := l.state.Load()
		if old == 0 {
			return false
		}
		if l.state.CompareAndSwap(old, anchored|uint64(uint32(old)+uint32(ticks))) {
			return true
		}
	}
}

// Reset forgets the mapping: the publisher starts anew.
func (l *Timeline) Reset() { l.state.Store(0) }
