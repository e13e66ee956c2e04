package program

import (
	"math"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/jitter"
	"rostrum/mediaedge/mix"
)

// maxEarly is how far ahead of its arrival a packet may claim to be. Beyond, the publisher's timestamps have jumped.
const maxEarly = audio.SampleRate * 400 / 1000

// fill decodes and bridges until the lane has sound up to a media time.
func (l *lane) fill(until audio.Time) {
	for l.written() < until {
		step, found := l.buffer.Next()
		if !found {
			l.bridge(until, math.MaxInt64, bridgeOf(l.quiet))
			return
		}
		l.correctBetween(step)
		place := l.place(step.Packet)
		switch {
		case l.fits(step.Packet): // what is lost right before a packet comes with it
			if place >= until && !(step.Kind == jitter.Lost && place-step.Packet.Ticks < until) {
				l.bridge(until, place, bridgeOf(l.quiet || step.Kind == jitter.Pause))
				continue
			}
			l.play(step, place)
		case !l.settle(step.Packet, until):
			l.bridge(until, math.MaxInt64, bridgeOf(l.quiet))
		}
	}
}

// fits says that a packet can be heard where its timestamp puts it, at least in part.
func (l *lane) fits(p *jitter.Packet) bool {
	place := l.place(p)
	return place+p.Ticks > l.written() && place-p.Arrival <= maxEarly
}

// settle deals with a packet that does not fit: where another one fits it is alone to blame and dropped; where none
// does the publisher's timestamps have jumped, or it sent nothing without letting them run on. False: it came so lately
// that those after it have yet to show which.
func (l *lane) settle(p *jitter.Packet, until audio.Time) bool {
	fits, least := l.least()
	jumped := !fits && (least > l.delay/2 || least < -maxEarly)
	switch {
	case !fits && p.Arrival >= until:
		return false
	case jumped && l.timeline.Shift(least):
		l.drift = drift{}
		l.metrics.anchors.Inc()
	case jumped, l.place(p)+p.Ticks > l.written():
		l.buffer.Drop(jitter.Timestamp) // of a publisher that has gone, and its mapping with it, or wrong
	default:
		l.buffer.Drop(jitter.Late)
	}
	return true
}

// least is the least lateness of the packets that wait, if none of them fits.
func (l *lane) least() (fits bool, least audio.Time) {
	least = math.MaxInt64
	for other := range l.buffer.Waiting() {
		if l.fits(other) {
			return true, 0
		}
		least = min(least, other.Arrival-l.place(other))
	}
	return false, least
}

// play appends a packet, and before it what bridges the time since the sound before.
func (l *lane) play(step jitter.Step, place audio.Time) {
	follows := place == l.written() && l.bridged == 0
	if missing := place - l.written(); missing > 0 {
		if step.Kind == jitter.Lost && missing >= step.Packet.Ticks {
			before := place - step.Packet.Ticks
			l.bridge(before, before, bridgeConcealed)
			l.recover(step.Packet)
		} else {
			l.bridge(place, place, bridgeOf(l.quiet || step.Kind == jitter.Pause))
		}
	}
	overlap := l.written() - place
	tail := l.tail(overlap)
	pcm, err := l.decoder.Decode(step.Packet.Opus)
	if err != nil {
		l.buffer.Drop(jitter.Undecodable)
		return
	}
	l.buffer.Take()
	l.quiet = l.leveller.Quiet(mix.Power(pcm))
	if follows {
		pcm = l.correctWithin(pcm)
	}
	if int(overlap) < len(pcm) {
		l.join(pcm[overlap:], tail)
	}
}

// tail is what would be heard next if the lane went on without a packet that overlaps what was heard: the end of a
// crossfade. Nil where none is needed.
func (l *lane) tail(overlap audio.Time) []float32 {
	if overlap == 0 || l.bridgeGain() == 0 {
		return nil
	}
	pcm, err := l.decoder.Conceal(fadeIn)
	if err != nil {
		return nil
	}
	return append(l.spare[:0], pcm...)
}

// join appends decoded sound: crossed with a tail, or faded in from where a bridge has faded to.
func (l *lane) join(pcm, tail []float32) {
	from := l.bridgeGain()
	l.bridged = 0
	n := min(fadeIn, len(pcm))
	switch {
	case len(tail) >= n:
		for i, w := 0, float32(0); i < n; i, w = i+1, w+1/float32(fadeIn) {
			pcm[i] = pcm[i]*w + tail[i]*from*(1-w)
		}
	case from < 1:
		for i := range pcm[:n] {
			pcm[i] *= from + (1-from)*float32(i)/float32(n)
		}
	}
	l.pcm = append(l.pcm, pcm...)
}
