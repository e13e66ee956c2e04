package sfu

import (
	"errors"
	"io"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/red"
)

// source is the part of a remote track that is read.
type source interface {
	Read(packet []byte) (int, error)
}

// reader takes the packets of one publisher's track in. All of it is owned by run.
type reader struct {
	session   *session
	publisher *publisher
	clock     audio.Clock
	metrics   *metrics
	format    format

	header  rtp.Header
	blocks  red.Blocks
	pace    pace
	seen    window
	opus    slab
	quality reception
}

// format is what the answer settled for the microphone. Zero: not settled.
type format struct {
	opus, red uint8
	level     uint8 // id of the RFC 6464 header extension
}

func readFormat(settled webrtc.RTPParameters) format {
	var f format
	for _, codec := range settled.Codecs {
		switch codec.MimeType {
		case webrtc.MimeTypeOpus:
			f.opus = uint8(codec.PayloadType)
		case redCodec.MimeType:
			f.red = uint8(codec.PayloadType)
		}
	}
	for _, extension := range settled.HeaderExtensions {
		if extension.URI == levelURI {
			f.level = uint8(extension.ID)
		}
	}
	return f
}

// run reads until the track ends.
func (r *reader) run(track source) {
	buffer := make([]byte, readBytes)
	for {
		n, err := track.Read(buffer)
		switch {
		case errors.Is(err, io.ErrShortBuffer):
			n = len(buffer)
		case err != nil && n == 0:
			return
		}
		now := time.Now()
		r.metrics.received.Inc()
		if why, ok := r.take(buffer[:n], now); !ok {
			r.metrics.dropped[why].Inc()
		}
		if r.quality.due(now) {
			r.session.write(r.quality.report(now, r.session.senderReport.Load()))
		}
	}
}

// take reads one packet and forwards what is new in it.
func (r *reader) take(raw []byte, now time.Time) (reason, bool) {
	if len(raw) > MaxPacketBytes {
		return dropOversized, false
	}
	if !r.pace.allows(now) {
		return dropRate, false
	}
	n, err := r.header.Unmarshal(raw)
	if err != nil || r.header.Version != 2 {
		return dropMalformed, false
	}
	payload, ok := unpad(raw[n:], r.header.Padding)
	if !ok {
		return dropMalformed, false
	}
	r.quality.packet(&r.header, now)
	if len(payload) == 0 {
		return 0, true // a probe for bandwidth
	}
	r.publisher.hear(r.loudness(payload))
	return r.unpack(payload, r.clock.At(now))
}

// unpack forwards the Opus of a payload, after those packets before it that never came.
func (r *reader) unpack(payload []byte, arrival audio.Time) (reason, bool) {
	switch r.header.PayloadType {
	case r.format.opus:
		return r.primary(payload, arrival)
	case r.format.red:
		var err error
		if r.blocks, err = red.Parse(payload); err == nil && r.blocks.Primary().PayloadType == r.format.opus {
			r.mend(arrival)
			return r.primary(r.blocks.Primary().Payload, arrival)
		}
	}
	return dropMalformed, false
}

func (r *reader) primary(opus []byte, arrival audio.Time) (reason, bool) {
	if !fits(opus) {
		return dropOversized, false
	}
	if !r.seen.admits(r.header.SequenceNumber) {
		return dropRepeated, false
	}
	r.pass(r.header.SequenceNumber, r.header.Timestamp, r.header.Marker, opus, arrival)
	return 0, true
}

// mend forwards redundant packets that were lost.
func (r *reader) mend(arrival audio.Time) {
	for _, block := range r.blocks.Redundant() {
		sequence := r.header.SequenceNumber - block.Distance
		known := block.PayloadType == r.format.opus && block.Offset > 0 && fits(block.Payload)
		if !known || !r.seen.lacks(sequence) || !r.seen.admits(sequence) {
			continue
		}
		r.metrics.recovered.Inc()
		r.pass(sequence, r.header.Timestamp-uint32(block.Offset), false, block.Payload, arrival)
	}
}

func (r *reader) pass(sequence uint16, timestamp uint32, marker bool, opus []byte, arrival audio.Time) {
	r.publisher.forward(r.session, Packet{
		Seat: r.publisher.seat, Source: r.header.SSRC, Sequence: sequence, Timestamp: timestamp, Marker: marker,
		Opus: r.opus.copy(opus), Arrival: arrival,
	})
}

// loudness is 127 minus the sender's -dBov (RFC 6464); without the extension, a guess from what DTX leaves out.
func (r *reader) loudness(payload []byte) uint32 {
	if level := r.header.GetExtension(r.format.level); r.format.level != 0 && len(level) > 0 {
		return audio.Silence - uint32(level[0]&0x7f)
	}
	if len(payload) < 8 {
		return 0
	}
	return audio.Silence - 40
}

func fits(opus []byte) bool { return len(opus) > 0 && len(opus) <= audio.MaxFrameBytes }

// unpad takes the padding off a payload (RFC 3550 section 5.1).
func unpad(payload []byte, padded bool) ([]byte, bool) {
	if !padded {
		return payload, true
	}
	if len(payload) == 0 {
		return nil, false
	}
	padding := int(payload[len(payload)-1])
	if padding == 0 || padding > len(payload) {
		return nil, false
	}
	return payload[:len(payload)-padding], true
}
