package mix

import (
	"math"
	"math/rand/v2"
	"testing"

	"rostrum/mediaedge/audio"
)

// tone fills frames with a sine.
func tone(hertz, amplitude float64, n int) []Frame {
	out := make([]Frame, n)
	for i := range n * len(Frame{}) {
		out[i/len(Frame{})][i%len(Frame{})] = float32(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/audio.SampleRate))
	}
	return out
}

func noise(amplitude float64, n int) []Frame {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]Frame, n)
	for i := range out {
		for j := range out[i] {
			out[i][j] = float32(amplitude * (2*r.Float64() - 1))
		}
	}
	return out
}

func TestLevels(t *testing.T) {
	var silence, square Frame
	for i := range square {
		square[i] = 1
	}
	sine := tone(1000, 1, 1)[0]
	soft := tone(1000, 0.001, 1)[0]
	for _, c := range []struct {
		f    *Frame
		want uint8
	}{{&silence, 127}, {&square, 0}, {&sine, 3}, {&soft, 63}} {
		if got := DBov(c.f.Power()); got != c.want {
			t.Errorf("%d dBov, want %d", got, c.want)
		}
	}
}

func TestRampFades(t *testing.T) {
	var f Frame
	for i := range f {
		f[i] = 1
	}
	g := f
	f.Ramp(1, 0)
	g.Ramp(0, 1)
	f.Add(&g)
	for i, x := range f {
		if math.Abs(float64(x)-1) > 1e-3 {
			t.Fatalf("a fade out and a fade in sum to %f at %d", x, i)
		}
	}
}

// settled is the level that a speaker's sound ends at.
func settled(frames []Frame, rounds int) (db float64, l Leveller) {
	for range rounds {
		for _, f := range frames {
			l.Apply(&f)
			db = Decibels(f.Power())
		}
	}
	return db, l
}

// syllables is a voice-like rhythm: 300 ms of tone, 100 ms of nearly nothing.
func syllables(amplitude float64) []Frame {
	return append(tone(220, amplitude, 15), noise(0.0005, 5)...)
}

func TestLevellerBringsSpeechToItsTarget(t *testing.T) {
	for _, db := range []float64{-38, -33, -23, -10, -4} {
		_, l := settled(syllables(math.Sqrt2*math.Pow(10, db/20)), 100)
		want := min(speechTarget-db, mostGain)
		if math.Abs(l.Gain()-want) > 1.5 {
			t.Errorf("speech of %.0f dB gets %+.1f dB, want %+.1f", db, l.Gain(), want)
		}
	}
}

func TestLevellerDoesNotPumpNoiseUp(t *testing.T) {
	if _, l := settled(noise(0.01, 50), 60); l.Gain() > 0 {
		t.Errorf("a minute of noise at -45 dB gets %+.1f dB", l.Gain())
	}
	_, before := settled(syllables(0.02), 3)
	l := before
	for _, f := range noise(0.0005, 500) {
		l.Apply(&f)
	}
	if l.Gain() > before.Gain() {
		t.Errorf("the gain rises from %+.1f to %+.1f dB in a pause", before.Gain(), l.Gain())
	}
}

func TestLevellerIsSlow(t *testing.T) {
	var l Leveller
	last := 0.0
	for range 50 {
		for _, f := range syllables(0.02) {
			l.Apply(&f)
			if step := math.Abs(l.gain - last); step > lower {
				t.Fatalf("the gain moves by %.2f dB in a frame", step)
			}
			last = l.gain
		}
	}
}

func TestLevellerMeetsNoiseAtFullScale(t *testing.T) {
	if db, _ := settled(noise(1, 50), 1); db > tooLoud+0.5 {
		t.Errorf("after a second noise at full scale is %.1f dB", db)
	}
	if db, _ := settled(noise(1, 50), 10); db > speechTarget+1 {
		t.Errorf("after ten seconds noise at full scale is %.1f dB", db)
	}
}

func TestLimiterNeverOvershoots(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	l := NewLimiter(ProgramCeiling)
	for n := range 2000 {
		var f Frame
		loud := math.Pow(10, float64(r.IntN(60)-50)/20)
		for i := range f {
			f[i] = float32(loud * r.NormFloat64())
		}
		if n%10 == 0 {
			f[r.IntN(len(f))] = 50
		}
		l.Apply(&f)
		if top := peak(f[:]); top > ProgramCeiling {
			t.Fatalf("frame %d has a peak of %f", n, top)
		}
	}
}

func TestLimiterLeavesSoftSoundAlone(t *testing.T) {
	l := NewLimiter(ProgramCeiling)
	for _, f := range tone(300, 0.8, 20) {
		g := f
		if l.Apply(&g) || g != f {
			t.Fatal("a sound below the ceiling is changed")
		}
	}
	for _, f := range tone(300, 1.5, 20) {
		l.Apply(&f)
	}
	for n, f := range tone(300, 0.5, 50) {
		if changed := l.Apply(&f); changed && n > 30 {
			t.Fatalf("%d frames after the peak the gain is still %f", n, l.gain)
		}
	}
}

// TestLimiterIsSmooth limits a tone that is too loud: its wave must stay a wave.
func TestLimiterIsSmooth(t *testing.T) {
	l := NewLimiter(ProgramCeiling)
	var before [2]float32
	for n, f := range tone(200, 1.6, 50) {
		l.Apply(&f)
		for _, x := range f {
			bend := math.Abs(float64(x - 2*before[1] + before[0]))
			if n > 2 && bend > 0.01 { // the tone itself: 0.0011
				t.Fatalf("frame %d bends by %.4f", n, bend)
			}
			before = [2]float32{before[1], x}
		}
	}
}

func TestStretchKeepsEndsAndLength(t *testing.T) {
	x := noise(1, 1)[0]
	for _, by := range []int{-480, -100, -1, 1, 100, 480} {
		y := Stretch([]float32{9}, x[:], by)[1:]
		if len(y) != len(x)+by {
			t.Fatalf("by %d: %d samples", by, len(y))
		}
		if math.Abs(float64(y[0]-x[0])) > 0.01 || math.Abs(float64(y[len(y)-1]-x[len(x)-1])) > 0.03 {
			t.Errorf("by %d: ends are %f and %f, were %f and %f", by, y[0], y[len(y)-1], x[0], x[len(x)-1])
		}
	}
}

func TestPeriodOfAVoice(t *testing.T) {
	f := tone(125, 0.3, 1)[0]
	for i, x := range tone(250, 0.2, 1)[0] {
		f[i] += x
	}
	by, alike := Period(f[:], 120, 640)
	if by < 382 || by > 386 || alike < 0.99 {
		t.Errorf("a voice of 125 Hz has a period of %d samples, likeness %.3f", by, alike)
	}
	longer := Stretch(nil, f[:], by)
	for i := 2; i < len(longer); i++ {
		if bend := math.Abs(float64(longer[i] - 2*longer[i-1] + longer[i-2])); bend > 0.001 {
			t.Fatalf("stretched by its period the wave bends by %.4f at %d", bend, i)
		}
	}
	quiet := Frame{}
	if _, alike := Period(quiet[:], 120, 640); alike != 0 {
		t.Errorf("silence is like itself by %f", alike)
	}
}
