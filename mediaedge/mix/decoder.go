package mix

import (
	"fmt"

	"github.com/hraban/opus"

	"rostrum/mediaedge/audio"
)

// concealGrid is the unit of concealment in samples, 2.5 ms: libopus conceals whole units.
const concealGrid = 120

// Decoder decodes one speaker's Opus to mono at 48 kHz, within -1 and 1 whatever the packets hold. Answered samples
// are valid until the next call. Not safe for concurrent use.
type Decoder struct {
	codec *opus.Decoder
	pcm   [audio.MaxPacketTicks]float32
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	codec, err := opus.NewDecoder(audio.SampleRate, 1)
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &Decoder{codec: codec}, nil
}

// Decode decodes a packet.
func (d *Decoder) Decode(packet []byte) ([]float32, error) {
	n, err := d.codec.DecodeFloat32(packet, d.pcm[:])
	if err != nil {
		return nil, fmt.Errorf("decode packet: %w", err)
	}
	return clamp(d.pcm[:n]), nil
}

// Recover makes the last n samples before next, from the copy of the lost packet that next may carry (in-band FEC,
// RFC 6716 section 2.1.7), else by concealment.
func (d *Decoder) Recover(next []byte, n audio.Time) ([]float32, error) {
	pcm := d.exactly(n)
	if err := d.codec.DecodeFECFloat32(next, pcm); err != nil {
		return nil, fmt.Errorf("recover packet: %w", err)
	}
	return clamp(pcm[len(pcm)-int(n):]), nil
}

// Conceal goes on for n samples without a packet: speech is prolonged and fades, background noise stays.
func (d *Decoder) Conceal(n audio.Time) ([]float32, error) {
	pcm := d.exactly(n)
	if err := d.codec.DecodePLCFloat32(pcm); err != nil {
		return nil, fmt.Errorf("conceal packet: %w", err)
	}
	return clamp(pcm[:n]), nil
}

// exactly answers room for n samples, rounded up to the grid. The codec takes the capacity for the duration that is
// missing, so it must be cut.
func (d *Decoder) exactly(n audio.Time) []float32 {
	n = Concealable(min(n, audio.MaxPacketTicks))
	return d.pcm[:n:n]
}

func clamp(pcm []float32) []float32 {
	for i, x := range pcm {
		switch {
		case x >= -1 && x <= 1:
		case x > 1:
			pcm[i] = 1
		case x < -1:
			pcm[i] = -1
		default: // not a number
			pcm[i] = 0
		}
	}
	return pcm
}

// Concealable is the least number of samples from n on that concealment can fill without a seam.
func Concealable(n audio.Time) audio.Time { return (n + concealGrid - 1) / concealGrid * concealGrid }
