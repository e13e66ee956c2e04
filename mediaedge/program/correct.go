package program

import (
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/jitter"
	"rostrum/mediaedge/mix"
)

const (
	ms = audio.SampleRate / 1000

	// At 150 ppm a clock runs away by 9 ms a minute. From 4 ms on that is taken out where nobody speaks; from 12 ms on
	// also in speech that repeats itself, and the closer to 36 ms the less alike the periods need to be.
	driftQuiet    = 4 * ms
	driftSpeech   = 12 * ms
	driftAnywhere = 36 * ms
	likeness      = 0.95

	// A lane that holds too much is in no danger: its latency can wait for a good place.
	leastLikeness = 0.8

	// Periods of voices from 75 to 400 Hz.
	leastPeriod = audio.SampleRate / 400
	mostPeriod  = audio.SampleRate / 75

	patience = 5 // packets between two corrections in speech
)

// correctBetween takes drift out before a packet, where nothing needs to be cut: in a pause. A path that has suddenly
// become so slow that words are lost cannot wait for one.
func (l *lane) correctBetween(step jitter.Step) {
	if sudden := l.drift.sudden(); sudden > l.delay/2 {
		l.drift.forget()
		if sudden > l.delay {
			l.shift(sudden, correctSpeech)
			return
		}
	}
	room := l.place(step.Packet) - l.written()
	if step.Kind != jitter.Pause || room <= 0 {
		return
	}
	if by := l.offset(); by != 0 {
		l.shift(max(by, -room), correctPause)
	}
}

// correctWithin takes drift out of a packet that follows the one before, by making its sound longer or shorter.
func (l *lane) correctWithin(pcm []float32) []float32 {
	l.patience = max(l.patience-1, 0)
	offset := l.offset()
	if offset == 0 || len(pcm) < audio.FrameTicks/2 {
		return pcm
	}
	by, where := offset, correctQuiet
	if l.quiet {
		most := audio.Time(len(pcm) / 2)
		by = min(max(by, -most), most)
	} else if by = l.period(pcm, offset); by != 0 {
		where, l.patience = correctSpeech, patience
	} else {
		return pcm
	}
	l.shift(by, where)
	l.spare = mix.Stretch(l.spare[:0], pcm, int(by))
	return l.spare
}

// period is a correction of speech towards offset that will not be heard; 0 for none in this packet.
func (l *lane) period(pcm []float32, offset audio.Time) audio.Time {
	size := max(offset, -offset)
	most := min(mostPeriod, len(pcm)*2/3)
	if size < driftSpeech || l.patience > 0 || most < leastPeriod {
		return 0
	}
	wanted := likeness * float64(driftAnywhere-size) / float64(driftAnywhere-driftSpeech)
	if offset < 0 {
		wanted = max(wanted, leastLikeness)
	}
	by, alike := mix.Period(pcm, leastPeriod, most)
	if alike < wanted {
		return 0
	}
	if offset < 0 {
		by = -by
	}
	return audio.Time(by)
}

// offset is the drift worth taking out; 0 for none. What is beyond drift is for settle.
func (l *lane) offset() audio.Time {
	offset := l.drift.offset()
	if size := max(offset, -offset); size < driftQuiet || size > maxEarly {
		return 0
	}
	return offset
}

func (l *lane) shift(by audio.Time, where int) {
	l.timeline.Shift(by)
	l.drift.shifted(by)
	l.metrics.corrections[where].Inc()
	l.metrics.corrected.Add(max(by, -by).Duration().Seconds())
}
