// Package red owns redundant audio data (RFC 2198): taking an RTP payload apart into the packet it is for and copies of
// earlier ones.
package red

import (
	"errors"
	"fmt"
)

// MaxRedundant bounds the earlier packets in one payload. Browsers send one or two.
const MaxRedundant = 8

// ErrMalformed says that a payload is not RFC 2198.
var ErrMalformed = errors.New("malformed redundant audio")

// Block is one packet in a payload.
type Block struct {
	PayloadType uint8
	// Offset is how many ticks the packet's timestamp is before that of the RTP packet; 0 for the primary.
	Offset uint16
	// Distance is how many packets before the RTP packet it was sent, where the sender repeats packets without leaving
	// any out, as browsers do; 0 for the primary. RFC 2198 carries no sequence numbers.
	Distance uint16
	Payload  []byte // aliases what was parsed; may be empty
}

// Blocks is a payload taken apart.
type Blocks struct {
	blocks [MaxRedundant + 1]Block
	count  int // with the primary, which is last
}

// Primary is the packet that the RTP header speaks of.
func (b *Blocks) Primary() Block { return b.blocks[b.count-1] }

// Redundant are the copies of earlier packets, oldest first.
func (b *Blocks) Redundant() []Block { return b.blocks[:b.count-1] }

// Parse takes an RTP payload apart without copying or allocating. The error is ErrMalformed with a reason.
func Parse(payload []byte) (Blocks, error) {
	var b Blocks
	var lengths [MaxRedundant]int
	rest := payload
	for {
		if len(rest) == 0 {
			return b, fmt.Errorf("%w: it ends within its headers", ErrMalformed)
		}
		block := &b.blocks[b.count]
		block.PayloadType = rest[0] & 0x7f
		if rest[0]&0x80 == 0 {
			rest = rest[1:]
			b.count++
			break
		}
		if len(rest) < 4 {
			return b, fmt.Errorf("%w: it ends within a header", ErrMalformed)
		}
		if b.count == MaxRedundant {
			return b, fmt.Errorf("%w: more than %d redundant packets", ErrMalformed, MaxRedundant)
		}
		block.Offset = uint16(rest[1])<<6 | uint16(rest[2])>>2
		lengths[b.count] = int(rest[2]&3)<<8 | int(rest[3])
		rest = rest[4:]
		b.count++
	}
	for i := range b.count - 1 {
		if len(rest) < lengths[i] {
			return b, fmt.Errorf("%w: a packet is longer than the payload", ErrMalformed)
		}
		b.blocks[i].Distance = uint16(b.count - 1 - i)
		b.blocks[i].Payload, rest = rest[:lengths[i]:lengths[i]], rest[lengths[i]:]
	}
	b.blocks[b.count-1].Payload = rest
	return b, nil
}
