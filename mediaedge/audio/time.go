// Package audio owns the media model: media time, frames, batches, gaps and renditions, and their only meeting with the
// listen protocol (convert.go).
package audio

import (
	"strconv"
	"time"
)

// The grid of a program. Everything is mono at 48 kHz until a rendition says otherwise.
const (
	SampleRate     = 48000
	FrameTicks     = 960 // 20 ms
	FramesPerBatch = 10
	BatchTicks     = FrameTicks * FramesPerBatch // 200 ms
	BatchDuration  = 200 * time.Millisecond
	FrameDuration  = 20 * time.Millisecond
)

// Time is media time: 48 kHz ticks of a program. Batch n covers [n*BatchTicks, (n+1)*BatchTicks).
type Time int64

// Duration is the length of t ticks.
func (t Time) Duration() time.Duration {
	return time.Duration(t/SampleRate)*time.Second + time.Duration(t%SampleRate)*time.Second/SampleRate
}

// Ticks is the number of ticks in d, rounded down.
func Ticks(d time.Duration) Time {
	return Time(d/time.Second)*SampleRate + Time(d%time.Second)*SampleRate/Time(time.Second)
}

// Number is a batch's place in its program.
type Number uint64

// Start is the media time of the batch's first sample.
func (n Number) Start() Time { return Time(n) * BatchTicks }

// NumberAt is the batch that holds t. Times before the program's zero are in batch 0.
func NumberAt(t Time) Number { return Number(max(t, 0) / BatchTicks) }

// Epoch is one origin's run of a program. Only the highest of a room is heard.
type Epoch uint64

// Seat is a place on the stage, from 1.
type Seat uint8

// MaxSeats bounds a stage.
const MaxSeats = 100

// Clock maps wall clock to media time from an anchor taken once: it follows the machine's monotonic clock, so steps
// of the wall clock do not move it.
type Clock struct {
	Anchor time.Time // carries a monotonic reading where it came from time.Now
	Media  Time      // at Anchor
}

// At is the media time of a moment.
func (c Clock) At(now time.Time) Time { return c.Media + Ticks(now.Sub(c.Anchor)) }

// When is the moment of a media time.
func (c Clock) When(t Time) time.Time { return c.Anchor.Add((t - c.Media).Duration()) }

func (e Epoch) String() string { return strconv.FormatUint(uint64(e), 10) }
