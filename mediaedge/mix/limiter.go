package mix

// Ceilings in amplitude.
const (
	SpeakerCeiling = 0.7079 // -3 dBFS: one speaker, before the sum
	ProgramCeiling = 0.8414 // -1.5 dBFS: what is encoded; decoded, the loudest garbage overshoots it by about 0.9 dB
)

// The limiter looks at blocks of 32 samples (0.67 ms), takes its gain back over the 8 blocks before a peak and lets go
// with a time constant of about 60 ms.
const (
	blockSamples = 32
	blocks       = len(Frame{}) / blockSamples
	attack       = 1.0 / 8
	release      = 1.0 / 90
)

// Limiter keeps a signal at or below a ceiling. It looks ahead within the frame only, so it adds no delay. The zero
// value has the gain 0 and fades in; use NewLimiter.
type Limiter struct {
	ceiling float32
	gain    float32 // at the end of the last frame
	wanted  [blocks]float32
}

// NewLimiter makes a limiter with a ceiling in amplitude.
func NewLimiter(ceiling float32) Limiter { return Limiter{ceiling: ceiling, gain: 1} }

// Apply limits the frame and says whether it had to change it.
func (l *Limiter) Apply(f *Frame) bool {
	if l.gain == 1 && peak(f[:]) <= l.ceiling {
		return false
	}
	for i := range l.wanted {
		l.wanted[i] = 1
		if top := peak(f[i*blockSamples:][:blockSamples]); top > l.ceiling {
			l.wanted[i] = l.ceiling / top
		}
	}
	for i := blocks - 2; i >= 0; i-- {
		l.wanted[i] = min(l.wanted[i], l.wanted[i+1]+attack)
	}
	for i := range l.wanted {
		l.block(f[i*blockSamples:][:blockSamples], i)
	}
	if l.gain > 0.999 {
		l.gain = 1
	}
	return true
}

// block goes in a straight line to a gain that suits this block and the next. Where the frame before left a gain that
// is too high for the first block there was no warning, and samples are cut off.
func (l *Limiter) block(x []float32, i int) {
	to := min(l.gain+(1-l.gain)*release, l.wanted[i])
	if i+1 < blocks {
		to = min(to, l.wanted[i+1])
	}
	step := (to - l.gain) / blockSamples
	g := l.gain
	for j, v := range x {
		g += step
		x[j] = min(max(v*g, -l.ceiling), l.ceiling)
	}
	l.gain = to
}
