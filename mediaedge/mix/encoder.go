package mix

import (
	"fmt"

	"github.com/hraban/opus"

	"rostrum/mediaedge/audio"
)

// complexity of libopus, 0 to 10: beyond 5 a voice gains little and costs double.
const complexity = 5

// MaxEncoded bounds an encoded frame in bytes, five times the average of the best rendition, so that a batch with its
// events stays below audio.MaxBatchBytes.
const MaxEncoded = 400

// Encoder encodes the frames of one rendition. Not safe for concurrent use.
type Encoder struct {
	codec  *opus.Encoder
	packet [MaxEncoded]byte
}

// NewEncoder makes an encoder of a rendition; an unknown one is an error.
func NewEncoder(rendition audio.Rendition) (*Encoder, error) {
	if rendition.BitRate() == 0 {
		return nil, fmt.Errorf("make encoder: no rendition %q", rendition)
	}
	// At this complexity only the voice coder finds pauses for DTX (docs/decisions/0004).
	codec, err := opus.NewEncoder(audio.SampleRate, 1, opus.AppVoIP)
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	if err := codec.SetBitrate(rendition.BitRate()); err != nil {
		return nil, fmt.Errorf("set bit rate: %w", err)
	}
	if err := codec.SetComplexity(complexity); err != nil {
		return nil, fmt.Errorf("set complexity: %w", err)
	}
	if err := codec.SetDTX(true); err != nil {
		return nil, fmt.Errorf("set DTX: %w", err)
	}
	return &Encoder{codec: codec}, nil
}

// Append encodes a frame and appends the packet to dst. A packet of one or two bytes is DTX.
func (e *Encoder) Append(dst []byte, f *Frame) ([]byte, error) {
	n, err := e.codec.EncodeFloat32(f[:], e.packet[:])
	if err != nil {
		return dst, fmt.Errorf("encode frame: %w", err)
	}
	return append(dst, e.packet[:n]...), nil
}
