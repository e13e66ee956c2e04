package load

import (
	"fmt"
	"slices"

	"github.com/hraban/opus"

	"rostrum/cmd/rostrum/demo"
)

const (
	speechRate   = 48_000
	frameSamples = speechRate / 50
	// markedSeconds is how long the speech with markers lasts before it begins anew.
	markedSeconds = 20
	speechBitRate = 32_000
	maxPacket     = 1275
)

// script is something to say without end: Opus packets of 20 ms, and at which of them a marker tone begins.
type script struct {
	packets [][]byte
	marks   []int // rising; may be empty
}

// scripts answers what so many speakers say. The first one's has markers, the others begin at different clips.
func scripts(speakers int) ([]script, error) {
	clips, err := demo.Speech()
	if err != nil {
		return nil, fmt.Errorf("read what is spoken: %w", err)
	}
	out := make([]script, speakers)
	for i := range out {
		turn := i % len(clips)
		out[i].packets = slices.Concat(slices.Concat(clips[turn:]...), slices.Concat(clips[:turn]...))
	}
	if speakers > 0 {
		if out[0], err = mark(out[0].packets); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mark puts a marker at the beginning of every second of a speech.
func mark(packets [][]byte) (script, error) {
	seconds := min(markedSeconds, len(packets)/50)
	if seconds == 0 {
		return script{}, fmt.Errorf("a speech of %d packets is too short for markers", len(packets))
	}
	pcm, err := decodeSpeech(packets[:50*seconds])
	if err != nil {
		return script{}, err
	}
	tone := appendTone(nil, speechRate)
	guard := speechRate * int(toneGuard.Milliseconds()) / 1000
	var s script
	for begin := 0; begin < len(pcm); begin += speechRate {
		for i := begin - guard; i < begin+len(tone)+guard; i++ {
			pcm[(i+len(pcm))%len(pcm)] = 0
		}
		copy(pcm[begin:], tone)
		s.marks = append(s.marks, begin/frameSamples)
	}
	s.packets, err = encodeSpeech(pcm)
	return s, err
}

func decodeSpeech(packets [][]byte) ([]float32, error) {
	decoder, err := opus.NewDecoder(speechRate, 1)
	if err != nil {
		return nil, fmt.Errorf("make a decoder: %w", err)
	}
	pcm := make([]float32, len(packets)*frameSamples)
	for i, packet := range packets {
		frame := pcm[i*frameSamples : (i+1)*frameSamples : (i+1)*frameSamples]
		if n, err := decoder.DecodeFloat32(packet, frame); err != nil || n != frameSamples {
			return nil, fmt.Errorf("decode packet %d of what is spoken: %d samples, %w", i, n, err)
		}
	}
	return pcm, nil
}

func encodeSpeech(pcm []float32) ([][]byte, error) {
	encoder, err := opus.NewEncoder(speechRate, 1, opus.AppVoIP)
	if err != nil {
		return nil, fmt.Errorf("make an encoder: %w", err)
	}
	if err := encoder.SetBitrate(speechBitRate); err != nil {
		return nil, fmt.Errorf("set the bit rate: %w", err)
	}
	var packets [][]byte
	for ; len(pcm) >= frameSamples; pcm = pcm[frameSamples:] {
		packet := make([]byte, maxPacket)
		n, err := encoder.EncodeFloat32(pcm[:frameSamples], packet)
		if err != nil {
			return nil, fmt.Errorf("encode what is spoken: %w", err)
		}
		packets = append(packets, slices.Clip(packet[:n]))
	}
	return packets, nil
}
