package load

import (
	"fmt"
	"math"
	"time"

	"github.com/hraban/opus"

	"rostrum/client/listener"
)

// The marker tone: 150 ms of 1.2 kHz that rise and fall over 20 ms, between speech of which 40 ms are taken away on either
// side. 1.2 kHz has whole cycles in 5 ms, so that what is measured in such blocks adds up in phase.
const (
	toneHz     = 1200
	toneLength = 150 * time.Millisecond
	toneRamp   = 20 * time.Millisecond
	toneGuard  = 40 * time.Millisecond
	tonePeak   = 0.35
	toneEvery  = time.Second
)

// The finder decodes at 12 kHz, which is enough for the tone.
const (
	finderRate   = 12_000
	blockSamples = finderRate / 200
	blockMS      = 5
	toneBlocks   = int(toneLength / (blockMS * time.Millisecond))
	batchBlocks  = batchMS / blockMS
	// toneShare is how much of the sound within the tone's length must be the tone.
	toneShare = 0.3
	// toneFloor is the least mean power of what may be a tone, -50 dBFS.
	toneFloor = 1e-5
	// heldArrivals is how many batches a finder remembers when they came.
	heldArrivals = 16
)

// finder decodes what one listener hears and finds marker tones in it. One goroutine owns it.
type finder struct {
	decoder *opus.Decoder
	pcm     [finderRate / 50]float32

	next     uint64 // number wanted
	arrivals [heldArrivals]time.Time
	blocks   [toneBlocks]block // the newest, by index
	index    int64             // of the next block in media time
	filled   int
	sum      block
	best     float64 // share of the tone where it was largest; 0: none is coming in
	bestAt   int64   // first block of it
	deaf     int64   // until this block nothing is looked for: the rest of a tone that was found
	behind   time.Duration
}

// block is 5 ms of sound: how much of it is the tone, as a complex number, and its energy.
type block struct{ re, im, energy float64 }

func newFinder() (*finder, error) {
	decoder, err := opus.NewDecoder(finderRate, 1)
	if err != nil {
		return nil, fmt.Errorf("make a decoder: %w", err)
	}
	return &finder{decoder: decoder}, nil
}

// hear decodes a batch and answers the tones that were over in it.
func (f *finder) hear(b *listener.Batch) (found []tone) {
	number := b.GetNumber()
	if number != f.next {
		f.filled, f.sum, f.best, f.deaf = 0, block{}, 0, 0
	}
	f.next = number + 1
	f.arrivals[number%heldArrivals] = b.Received
	f.index = int64(number) * batchBlocks
	// A player that never jumps is as far behind as the latest batch was.
	f.behind = max(f.behind, time.Duration(b.Received.UnixNano()-int64(number)*int64(batchMS*time.Millisecond)))
	for _, frame := range b.GetFrames() {
		n, err := f.decoder.DecodeFloat32(frame.GetOpus(), f.pcm[:])
		if err != nil || n != len(f.pcm) {
			clear(f.pcm[:]) // a batch whose sums fit and whose sound does not is heard as silence
		}
		for at := 0; at < len(f.pcm); at += blockSamples {
			if begin, over := f.push(measure(f.pcm[at : at+blockSamples])); over {
				found = append(found, f.tone(begin, b.GetEpoch()))
			}
		}
	}
	return found
}

// tone is what is known of a tone that begins with a block.
func (f *finder) tone(begin int64, epoch uint64) tone {
	arrived := f.arrivals[uint64(begin/batchBlocks)%heldArrivals]
	media := float64(begin * blockMS)
	return tone{
		Epoch: epoch, MediaMS: media, ArriveMS: float64(arrived.UnixMicro()) / 1000,
		PlayMS: media + float64(f.behind.Microseconds())/1000,
	}
}

// push takes the next block; over says that a tone has gone by, which began with the block begin.
func (f *finder) push(b block) (begin int64, over bool) {
	slot := &f.blocks[f.index%int64(toneBlocks)]
	if f.filled == toneBlocks {
		f.sum.re, f.sum.im, f.sum.energy = f.sum.re-slot.re, f.sum.im-slot.im, f.sum.energy-slot.energy
	} else {
		f.filled++
	}
	*slot = b
	f.sum.re, f.sum.im, f.sum.energy = f.sum.re+b.re, f.sum.im+b.im, f.sum.energy+b.energy
	f.index++
	if f.filled < toneBlocks || f.index < f.deaf {
		return 0, false
	}
	share := f.sum.share(toneBlocks * blockSamples)
	if share > f.best && share >= toneShare {
		f.best, f.bestAt = share, f.index-int64(toneBlocks)
		return 0, false
	}
	if f.best > 0 && (share < f.best/2 || f.index-int64(toneBlocks)-f.bestAt > int64(toneBlocks)) {
		f.best, f.deaf = 0, f.index+int64(toneBlocks)
		return f.bestAt, true
	}
	return 0, false
}

// share is how much of the energy of n samples is the tone's: 1 for nothing else.
func (b block) share(n int) float64 {
	if b.energy < toneFloor*float64(n) {
		return 0
	}
	return 2 * (b.re*b.re + b.im*b.im) / (float64(n) * b.energy)
}

// measure is Goertzel's algorithm over one block (G. Goertzel, 1958).
func measure(pcm []float32) block {
	const step = 2 * math.Pi * toneHz / finderRate
	coefficient := 2 * math.Cos(step)
	var s1, s2, energy float64
	for _, sample := range pcm {
		x := float64(sample)
		s1, s2 = x+coefficient*s1-s2, s1
		energy += x * x
	}
	return block{re: s1*math.Cos(step) - s2, im: s1 * math.Sin(step), energy: energy}
}

// appendTone appends the marker at a sample rate.
func appendTone(dst []float32, rate int) []float32 {
	n := int(toneLength) * rate / int(time.Second)
	ramp := int(toneRamp) * rate / int(time.Second)
	for i := range n {
		gain := 1.0
		if edge := min(i, n-1-i); edge < ramp {
			gain = (1 - math.Cos(math.Pi*(float64(edge)+0.5)/float64(ramp))) / 2
		}
		dst = append(dst, float32(tonePeak*gain*math.Sin(2*math.Pi*toneHz*float64(i)/float64(rate))))
	}
	return dst
}
