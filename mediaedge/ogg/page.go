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

// crcTable is Ogg's CRC-32: the polynomial 0x04c11db7, most significant bit first, without inversions. The table of
// hash/crc32 for it is mirrored.
var crcTable = func() (table [256]uint32) {
	for i := range table {
		table[i] = bits.Reverse32(crc32.IEEETable[bits.Reverse8(byte(i))])
	}
	return table
}()

// checksum goes on with a sum over more bytes.
func checksum(sum uint32, whole []byte) uint32 {
	for _, b := range whole {
		sum = sum<<8 ^ crcTable[byte(sum>>24)^b]
	}
	return sum
}
