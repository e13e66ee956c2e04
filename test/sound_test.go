package test

import (
	"bytes"
	"io"
	"math"
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

// spoken is a clip without the silence before its first word.
func (c clip) spoken() clip {
	for i := range c.packets {
		if peak(c.pcm[i*audio.FrameTicks:(i+1)*audio.FrameTicks]) > -30 {
			return clip{c.packets[i:], c.pcm[i*audio.FrameTicks:]}
		}
	}
	return c
}

// hum is a steady sound that never pauses.
func hum(t testing.TB, length time.Duration) clip {
	t.Helper()
	encoder, err := opus.NewEncoder(audio.SampleRate, 1, opus.AppVoIP)
	must(t, err)
	must(t, encoder.SetBitrate(32000))
	var c clip
	for range length / audio.FrameDuration {
		frame := make([]float32, audio.FrameTicks)
		for i := range frame {
			at := 2 * math.Pi * float64(len(c.pcm)+i) / audio.SampleRate
			frame[i] = float32(0.1*math.Sin(170*at) + 0.08*math.Sin(510*at) + 0.05*math.Sin(1190*at))
		}
		packet := make([]byte, 1000)
		n, err := encoder.EncodeFloat32(frame, packet)
		must(t, err)
		c.packets, c.pcm = append(c.packets, packet[:n]), append(c.pcm, frame...)
	}
	return c
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
