// Package ogg owns Ogg Opus (RFC 3533, RFC 7845): the endless stream of a room's program, and reading clips.
package ogg

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A page's header up to its segment table (RFC 3533 section 6).
const (
	pageHeader  = 27
	maxSegments = 255

	flagContinued = 1
	flagFirst     = 2
	flagLast      = 4
)

// page is one page's header.
type page struct {
	flags    byte
	granule  uint64
	serial   uint32
	sequence uint32
}

// begin appends the page's header with room for its segment table.
func (p page) begin(dst []byte, segments int) []byte {
	dst = append(dst, "OggS\x00"...)
	dst = append(dst, p.flags)
	dst = binary.LittleEndian.AppendUint64(dst, p.granule)
	dst = binary.LittleEndian.AppendUint32(dst, p.serial)
	dst = binary.LittleEndian.AppendUint32(dst, p.sequence)
	dst = append(dst, 0, 0, 0, 0) // the sum, once all is there
	return append(dst, byte(segments))
}

// segments is how many segments a packet takes that ends in its page.
func segments(size int) int { return size/255 + 1 }

// appendLacing appends a packet's part of the segment table.
func appendLacing(dst []byte, size int) []byte {
	for ; size >= 255; size -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(size))
}

// seal writes the sum into the page that begins at dst[begin].
func seal(dst []byte, begin int) []byte {
	whole := dst[begin:]
	binary.LittleEndian.PutUint32(whole[22:], checksum(0, whole))
	return dst
}

// checksum goes on with Ogg's CRC-32 over more bytes: the polynomial of IEEE, most significant bit first, without
// inversions. That is IEEE's own CRC with every byte and the result mirrored.
func checksum(sum uint32, whole []byte) uint32 {
	state := bits.Reverse32(sum)
	var turned [256]byte
	for len(whole) > 0 {
		n := min(len(whole), len(turned))
		for i, b := range whole[:n] {
			turned[i] = bits.Reverse8(b)
		}
		state = ^crc32.Update(^state, crc32.IEEETable, turned[:n]) // Update inverts before and after
		whole = whole[n:]
	}
	return bits.Reverse32(state)
}
