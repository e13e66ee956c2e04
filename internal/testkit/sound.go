package testkit

import (
	"math"
	"slices"
)

const (
	sampleRate = 48000
	window     = sampleRate / 50  // 20 ms
	hop        = sampleRate / 200 // 5 ms
	floorDB    = -70
)

// Envelope is the loudness of mono 48 kHz sound in dBFS, in windows of 20 ms that begin every 5 ms. What is below
// -70 dBFS counts as -70.
func Envelope(pcm []float32) []float64 {
	var out []float64
	for begin := 0; begin+window <= len(pcm); begin += hop {
		sum := 0.0
		for _, s := range pcm[begin : begin+window] {
			sum += float64(s) * float64(s)
		}
		out = append(out, max(10*math.Log10(sum/window+1e-12), floorDB))
	}
	return out
}

// Likeness says how alike two recordings sound: the correlation of their log loudness in 20 ms windows over the active
// speech of the reference (within 35 dB of its loud parts), where they fit best.
type Likeness struct {
	Correlation float64
	// Lag is how much later the reference is in the recording, in samples, to 5 ms.
	Lag int
	// Active is the number of windows compared.
	Active int
}

// Compare finds reference in recording. The recording may begin before and end after it.
func Compare(reference, recording []float32) Likeness {
	want, got := Envelope(reference), Envelope(recording)
	if len(want) == 0 || len(got) == 0 {
		return Likeness{}
	}
	loud := slices.Sorted(slices.Values(want))[len(want)*95/100]
	var active []int
	for i, level := range want {
		if level > max(loud-35, floorDB+5) {
			active = append(active, i)
		}
	}
	best := Likeness{Correlation: -1, Active: len(active)}
	for lag := -len(want) / 10; lag+len(want)*9/10 < len(got); lag++ {
		if c := correlation(want, got, active, lag); c > best.Correlation {
			best.Correlation, best.Lag = c, lag*hop
		}
	}
	return best
}

// correlation is Pearson's r of want and got shifted by lag, over the active windows.
func correlation(want, got []float64, active []int, lag int) float64 {
	var n, sx, sy, sxx, syy, sxy float64
	for _, i := range active {
		x, y := want[i], float64(floorDB)
		if j := i + lag; j >= 0 && j < len(got) {
			y = got[j]
		}
		n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	spread := math.Sqrt((n*sxx - sx*sx) * (n*syy - sy*sy))
	if spread == 0 {
		return 0
	}
	return (n*sxy - sx*sy) / spread
}
