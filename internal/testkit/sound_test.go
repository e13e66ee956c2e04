package testkit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// babble makes noise whose loudness changes like syllables do.
func babble(seed uint64, seconds int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, 0, seconds*sampleRate)
	for len(out) < seconds*sampleRate {
		loud := math.Pow(10, -r.Float64()*1.5-0.5)
		for range 2000 + r.IntN(8000) {
			out = append(out, float32(r.NormFloat64()*loud))
		}
	}
	return out[:seconds*sampleRate]
}

func TestCompareFindsTheClip(t *testing.T) {
	clip := babble(1, 4)
	recording := append(make([]float32, 31*sampleRate/10), clip...)
	for i, s := range babble(2, 8) {
		if i < len(recording) {
			recording[i] = recording[i]*0.4 + s*0.0005
		}
	}
	got := Compare(clip, recording)
	if got.Correlation < 0.98 || got.Lag < 31*sampleRate/10-hop || got.Lag > 31*sampleRate/10+hop {
		t.Errorf("found %+v", got)
	}
}

func TestCompareTellsOtherSoundApart(t *testing.T) {
	if got := Compare(babble(1, 4), babble(3, 10)); got.Correlation > 0.6 {
		t.Errorf("other sound is %+v alike", got)
	}
	if got := Compare(babble(1, 4), make([]float32, 8*sampleRate)); got.Correlation > 0.1 {
		t.Errorf("silence is %+v alike", got)
	}
	damaged := babble(1, 4)
	clear(damaged[sampleRate : 2*sampleRate])
	if got := Compare(babble(1, 4), damaged); got.Correlation > 0.9 {
		t.Errorf("a clip with a hole of a second is %+v alike", got)
	}
}
