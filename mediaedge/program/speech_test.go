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

// clip is speech: packets of 20 ms as a publisher sends them, and what they sound like.
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

// likenessAt correlates the levels in 20 ms windows of what was spoken, where somebody speaks, with what is heard a number
// of samples later.
func likenessAt(spoken, heard []float32, later int) float64 {
	var x, y []float64
	for at := 0; at+audio.FrameTicks <= len(spoken); at += audio.FrameTicks {
		if at+later < 0 || at+later+audio.FrameTicks > len(heard) {
			continue
		}
		level := mix.Decibels(mix.Power(spoken[at : at+audio.FrameTicks]))
		if level < -50 {
			continue
		}
		x = append(x, level)
		y = append(y, max(mix.Decibels(mix.Power(heard[at+later:at+later+audio.FrameTicks])), -80))
	}
	return correlation(x, y)
}

// align is the lag from a range at which what is heard is most like what was spoken, and how alike.
func align(spoken, heard []float32, from, to, step int) (int, float64) {
	best, alike := from, -1.0
	for lag := from; lag <= to; lag += step {
		if l := likenessAt(spoken, heard, lag); l > alike {
			best, alike = lag, l
		}
	}
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
