package mix

import "math"

// What levelling aims at and how far and fast it goes, in dB and dB a frame (50 frames a second).
const (
	speechTarget = -23.0 // of active speech
	mostGain     = 12.0
	leastGain    = -26.0
	raise        = 0.03 // 1.5 dB/s, and only while somebody speaks: pauses are not pumped up
	lower        = 0.06 // 3 dB/s
	lowerFast    = 1.0  // 50 dB/s, while louder than speech at its target can be
	tooLoud      = -9.0

	activeFloor  = -50.0 // speech is louder than this
	activeMargin = 9.0   // and than the noise by this
	floorRise    = 0.03  // the noise floor follows upwards by 1.5 dB/s
	settle       = 25    // active frames before the gain moves
	memory       = 150   // active frames that the average spans: 3 s of speech
)

// Leveller brings one speaker's active speech slowly to about -23 dBFS: within a word its gain is constant for the
// ear. The zero value is ready.
type Leveller struct {
	gain   float64 // dB
	speech float64 // mean power of active frames
	active int     // how many made it, up to memory
	floor  float64 // dB
	begun  bool
}

// Apply changes the frame's gain.
func (l *Leveller) Apply(f *Frame) {
	power := f.Power()
	db := Decibels(power)
	if db <= -90 {
		return // nothing to hear, nothing to learn
	}
	speaks := l.listen(db, power)
	from := l.gain
	l.follow(db, speaks)
	if from == 0 && l.gain == 0 {
		return
	}
	a := gain(from)
	b := a
	if l.gain != from {
		b = gain(l.gain)
	}
	f.Ramp(a, b)
}

// listen updates what is known of the speaker and says whether the frame is speech.
func (l *Leveller) listen(db, power float64) bool {
	if !l.begun {
		l.begun, l.floor = true, db
	}
	l.floor = max(min(l.floor+floorRise, db), -80)
	speaks := db > activeFloor && db > l.floor+activeMargin
	if speaks || db > speechTarget {
		l.active = min(l.active+1, memory)
		l.speech += (power - l.speech) / float64(l.active)
	}
	return speaks
}

func (l *Leveller) follow(db float64, speaks bool) {
	if db+l.gain > tooLoud {
		l.gain = max(l.gain-lowerFast, leastGain)
		return
	}
	if l.active < settle {
		return
	}
	wanted := min(max(speechTarget-Decibels(l.speech), leastGain), mostGain)
	switch {
	case wanted < l.gain:
		l.gain = max(l.gain-lower, wanted)
	case speaks:
		l.gain = min(l.gain+raise, wanted)
	}
}

// Quiet says whether a power is no speech of this speaker: a pause between words, where time may be taken out or put in.
func (l *Leveller) Quiet(power float64) bool {
	db := Decibels(power)
	if db < activeFloor-5 {
		return true
	}
	return l.begun && l.active >= settle && db < l.floor+activeMargin/2 && db < Decibels(l.speech)-15
}

// Gain is the gain in dB at the end of the last frame.
func (l *Leveller) Gain() float64 { return math.Round(l.gain*100) / 100 }
