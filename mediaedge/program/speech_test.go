package program

import (
	"bytes"
	"io"
	"math"
	"os"
	"testing"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
	"rostrum/mediaedge/ogg"
)

// clip is speech: packets of 20 ms as a publisher sends them, and what they sound like. Those in testdata were spoken by
// espeak-ng (voices en-gb and en-us+f3) and encoded by opusenc at 20 kbit/s.
type clip struct {
	packets [][]byte
	pcm     []float32
}

func readClip(t testing.TB, name string) clip {
	t.Helper()
	file, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := ogg.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := mix.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var c clip
	for {
		packet, err := reader.Next()
		if err == io.EOF {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		pcm, err := decoder.Decode(packet)
		if err != nil || len(pcm) != audio.FrameTicks {
			t.Fatalf("packet %d: %d samples, %v", len(c.packets), len(pcm), err)
		}
		c.packets = append(c.packets, packet)
		c.pcm = append(c.pcm, pcm...)
	}
}

// powers are the powers of frames of 20 ms.
func powers(pcm []float32) []float64 {
	out := make([]float64, 0, len(pcm)/audio.FrameTicks)
	for ; len(pcm) >= audio.FrameTicks; pcm = pcm[audio.FrameTicks:] {
		out = append(out, mix.Power(pcm[:audio.FrameTicks]))
	}
	return out
}

// align finds the lag in samples, from a range, at which the levels of what is heard are most like those of what was
// spoken, and how alike: their correlation in windows of 20 ms where somebody speaks.
func align(spoken, heard []float32, from, to, step int) (int, float64) {
	var windows []int
	var x []float64
	for n, power := range powers(spoken) {
		if level := mix.Decibels(power); level >= -50 && (n+1)*audio.FrameTicks+to <= len(heard) {
			windows, x = append(windows, n*audio.FrameTicks), append(x, level)
		}
	}
	best, alike := from, -1.0
	y := make([]float64, len(x))
	for lag := from; lag <= to; lag += step {
		for i, at := range windows {
			y[i] = max(mix.Decibels(mix.Power(heard[at+lag:at+lag+audio.FrameTicks])), -80)
		}
		if c := correlation(x, y); c > alike {
			best, alike = lag, c
		}
	}
	return best, alike
}

// find is the lag in samples, from a range, at which a wave is most like a part of what is heard, and how alike.
func find(wave, heard []float32, from, to int) (int, float64) {
	best, alike := from, -1.0
	try := func(from, to, step, stride int) {
		alike = -1
		for lag := from; lag <= to; lag += step {
			if a := mix.Likeness(wave, heard[lag:lag+len(wave)], stride); a > alike {
				best, alike = lag, a
			}
		}
	}
	try(from, to, 3, 7)
	try(max(best-3, from), min(best+3, to), 1, 5)
	return best, alike
}

func correlation(x, y []float64) float64 {
	n := float64(len(x))
	if n < 2 {
		return 0
	}
	var mx, my, xy, xx, yy float64
	for i := range x {
		mx += x[i] / n
		my += y[i] / n
	}
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}
