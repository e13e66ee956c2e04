package ogg

import (
	"encoding/binary"

	"rostrum/mediaedge/audio"
)

// streamSerial is the serial number of every endless stream, at every edge: "rstm".
const streamSerial = 0x6d747372

// preSkip is what a player drops after joining: 80 ms, in which a decoder that starts in the middle converges
// (RFC 7845 section 4.2).
const preSkip = 3840

// vendor is who made the stream, for players that show it.
const vendor = "rostrum"

// silence is 20 ms in which nothing was said: an Opus packet without a frame (RFC 6716 section 3.1: hybrid, full band,
// 20 ms, mono), which decoders bridge as in DTX.
var silence = audio.Frame{Opus: []byte{15 << 3}}

// AppendHeader appends the two header pages of an endless stream. They are the same at every edge and for every room.
func AppendHeader(dst []byte) []byte {
	head := append(make([]byte, 0, 19), "OpusHead"...)
	head = append(head, 1, 1) // version, one sound track
	head = binary.LittleEndian.AppendUint16(head, preSkip)
	head = binary.LittleEndian.AppendUint32(head, audio.SampleRate)
	head = append(head, 0, 0, 0) // gain, mapping family
	tags := append(make([]byte, 0, 32), "OpusTags"...)
	tags = binary.LittleEndian.AppendUint32(tags, uint32(len(vendor)))
	tags = append(tags, vendor...)
	tags = binary.LittleEndian.AppendUint32(tags, 0)
	dst = appendSingle(dst, page{flags: flagFirst, serial: streamSerial}, head)
	return appendSingle(dst, page{serial: streamSerial, sequence: 1}, tags)
}

// AppendPage appends the page of a batch: its ten packets, the number modulo 2^32 as sequence number, the media time at
// its end as granule position. The same batch always makes the same bytes. Every frame must have at
// most audio.MaxFrameBytes, as every batch does.
func AppendPage(dst []byte, number audio.Number, frames *[audio.FramesPerBatch]audio.Frame) []byte {
	total := 0
	for i := range frames {
		total += segments(len(frames[i].Opus))
	}
	begin := len(dst)
	p := page{serial: streamSerial, sequence: uint32(number), granule: uint64((number + 1).Start())}
	dst = p.begin(dst, total)
	for i := range frames {
		dst = appendLacing(dst, len(frames[i].Opus))
	}
	for i := range frames {
		dst = append(dst, frames[i].Opus...)
	}
	return seal(dst, begin)
}

// AppendSilence appends the page that stands for a number without audio, so that players play on over a gap.
func AppendSilence(dst []byte, number audio.Number) []byte {
	var frames [audio.FramesPerBatch]audio.Frame
	for i := range frames {
		frames[i] = silence
	}
	return AppendPage(dst, number, &frames)
}

func appendSingle(dst []byte, p page, packet []byte) []byte {
	begin := len(dst)
	dst = p.begin(dst, segments(len(packet)))
	dst = appendLacing(dst, len(packet))
	return seal(append(dst, packet...), begin)
}
