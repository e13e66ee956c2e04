package test

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"github.com/hraban/opus"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/ogg"
)

// clip is something to say: Opus packets of 20 ms, and how they sound.
type clip struct {
	packets [][]byte
	pcm     []float32
}

func readClip(t testing.TB, name string) clip {
	t.Helper()
	file, err := os.ReadFile("testdata/" + name + ".ogg")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := ogg.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var c clip
	for {
		packet, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		c.packets = append(c.packets, packet)
	}
	c.pcm = decode(t, c.packets)
	return c
}

// duration is how long the clip takes to say.
func (c clip) duration() time.Duration { return time.Duration(len(c.packets)) * audio.FrameDuration }

// first is the beginning of a clip.
func (c clip) first(d time.Duration) clip {
	n := int(d / audio.FrameDuration)
	return clip{c.packets[:n], c.pcm[:n*audio.FrameTicks]}
}

// decode plays packets of 20 ms through libopus.
func decode(t testing.TB, packets [][]byte) []float32 {
	t.Helper()
	decoder, err := opus.NewDecoder(audio.SampleRate, 1)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]float32, 0, len(packets)*audio.FrameTicks)
	for i, packet := range packets {
		frame := make([]float32, audio.FrameTicks)
		n, err := decoder.DecodeFloat32(packet, frame)
		if err != nil || n != audio.FrameTicks {
			t.Fatalf("packet %d: %d samples, %v", i, n, err)
		}
		pcm = append(pcm, frame...)
	}
	return pcm
}
