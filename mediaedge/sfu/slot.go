package sfu

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rostrum/mediaedge/audio"
)

const (
	// maxHole is the longest run of missing packets that a slot tells as loss; a longer one is a new beginning.
	maxHole = 100
	// maxLate is how many numbers back a packet out of order may go.
	maxLate = 64
)

// slot is a fixed receive lane of a subscriber: one SSRC with rising sequence numbers, whose words come from one
// publisher now and from another later. Its timestamps are media time, its CSRC is the seat.
//
// At most one publisher has it in its routes at any moment; the lock of that publisher guards the fields of carriage.
type slot struct {
	name            string
	line            atomic.Pointer[line] // nil until negotiated
	packets, octets atomic.Uint32        // sent, for reports
	carriage        carriage
}

// line is what the answer settled for a slot.
type line struct {
	writer  webrtc.TrackLocalWriter
	ssrc    uint32
	payload uint8
}

// carriage is the place in the numbering between the publisher that is carried and the subscriber.
type carriage struct {
	seat     audio.Seat
	fresh    bool   // the next packet is the first of a run
	begun    bool   // something was sent, ever
	incoming uint16 // the run's newest number, of the publisher
	run      int    // how many numbers of the run may be told apart, up to maxLate
	newest   uint16 // the newest number sent
	stamp    uint32 // its timestamp
	header   rtp.Header
	csrc     [1]uint32
}

func newSlot(number int) *slot {
	return &slot{
		name:     "slot" + strconv.Itoa(number),
		carriage: carriage{newest: uint16(rand.Uint32()), fresh: true},
	}
}

// carry turns the slot to a seat, which may be the same with another session. No publisher may have it in its routes.
func (s *slot) carry(seat audio.Seat) {
	s.carriage.seat, s.carriage.fresh = seat, true
	s.carriage.csrc[0] = uint32(seat)
}

// write sends a packet: sequence is the publisher's, timestamp media time modulo 2^32. It does not keep opus.
func (s *slot) write(sequence uint16, timestamp uint32, marker bool, opus []byte) (reason, bool) {
	line := s.line.Load()
	if line == nil {
		return dropTransport, false
	}
	c := &s.carriage
	ahead := int(int16(sequence - c.incoming))
	if c.fresh || ahead > maxHole {
		// The one before may have been heard with less delay: a receiver must not see time run backwards.
		if back := int32(c.stamp - timestamp); c.begun && back >= 0 && back < audio.SampleRate {
			return dropOvertaken, false
		}
		c.fresh, c.begun, c.run = false, true, 0
		ahead, marker = 1, true
	} else if -ahead >= c.run {
		return dropOvertaken, false
	}
	number := c.newest + uint16(ahead)
	if ahead > 0 {
		c.incoming, c.newest, c.stamp = sequence, number, timestamp
		c.run = min(c.run+ahead, maxLate)
	}
	c.header = rtp.Header{
		Version: 2, Marker: marker, PayloadType: line.payload,
		SequenceNumber: number, Timestamp: timestamp, SSRC: line.ssrc, CSRC: c.csrc[:],
	}
	if _, err := line.writer.WriteRTP(&c.header, opus); err != nil {
		return dropTransport, false // the transport's end is told by its state
	}
	s.packets.Add(1)
	s.octets.Add(uint32(len(opus)))
	return 0, true
}

var _ webrtc.TrackLocal = (*slot)(nil)

// Bind is called by pion when the answer is settled.
func (s *slot) Bind(settled webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range settled.CodecParameters() {
		if codec.MimeType == webrtc.MimeTypeOpus {
			s.line.Store(&line{settled.WriteStream(), uint32(settled.SSRC()), uint8(codec.PayloadType)})
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind is called by pion when the session ends.
func (s *slot) Unbind(webrtc.TrackLocalContext) error {
	s.line.Store(nil)
	return nil
}

// ID names the track in the answer.
func (s *slot) ID() string { return s.name }

// StreamID is the slot's own too: browsers would otherwise hold lanes of one stream back for each other.
func (s *slot) StreamID() string { return s.name }

// RID is that of a track without simulcast.
func (s *slot) RID() string { return "" }

// Kind is audio.
func (s *slot) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
