package program

import (
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/jitter"
	"rostrum/mediaedge/mix"
)

// A bridge of missing speech prolongs it for 20 ms and has faded at 100 ms. A bridge after quiet is a pause: the
// codec's background noise goes on until another packet of a DTX publisher is overdue (they come every 400 ms), and has
// faded at 800 ms.
const (
	speechHeld = audio.FrameTicks
	speechGone = 5 * audio.FrameTicks
	quietHeld  = 30 * audio.FrameTicks
	quietGone  = 40 * audio.FrameTicks
)

// silent is a bridge of which nothing is heard any more.
const silent audio.Time = quietGone

// bridge appends concealment up to a media time, beyond it where the codec's grid asks for it, and never past limit.
func (l *lane) bridge(to, limit audio.Time, how int) {
	for l.written() < to {
		n := min(to-l.written(), audio.FrameTicks)
		if l.bridgeGain() == 0 {
			l.silence(n)
			continue
		}
		n = min(mix.Concealable(n), limit-l.written())
		pcm, err := l.decoder.Conceal(n)
		if err != nil {
			l.bridged = silent
			continue
		}
		from := l.bridgeGain()
		l.bridged += n
		fade(pcm, from, l.bridgeGain())
		l.pcm = append(l.pcm, pcm...)
		l.metrics.bridged[how].Add(n.Duration().Seconds())
	}
}

// recover appends what the packet before next, which was lost, said.
func (l *lane) recover(next *jitter.Packet) {
	pcm, err := l.decoder.Recover(next.Opus, next.Ticks)
	if err != nil {
		return
	}
	l.metrics.bridged[bridgeRecovered].Add(next.Ticks.Duration().Seconds())
	l.join(pcm, nil)
}

// bridgeGain is the gain that the bridge has faded to; 1 right after a packet.
func (l *lane) bridgeGain() float32 {
	held, gone := audio.Time(speechHeld), audio.Time(speechGone)
	if l.quiet {
		held, gone = quietHeld, quietGone
	}
	switch {
	case l.bridged <= held:
		return 1
	case l.bridged >= gone:
		return 0
	}
	return float32(gone-l.bridged) / float32(gone-held)
}

func (l *lane) silence(n audio.Time) {
	l.bridged = silent
	for range n {
		l.pcm = append(l.pcm, 0)
	}
}

// fade multiplies samples with a gain that goes in a straight line.
func fade(pcm []float32, from, to float32) {
	if from == 1 && to == 1 {
		return
	}
	step := (to - from) / float32(len(pcm))
	for i := range pcm {
		pcm[i] *= from
		from += step
	}
}

func bridgeOf(quiet bool) int {
	if quiet {
		return bridgePause
	}
	return bridgeConcealed
}
