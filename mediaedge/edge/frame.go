package edge

import (
	"encoding/binary"

	"rostrum/internal/fault"
)

// maxMessageBytes bounds what a listener sends at once (docs/protocol.md section 1.2).
const maxMessageBytes = 4096

// Opcodes (RFC 6455 section 5.2).
const (
	opContinue = 0x0
	opText     = 0x1
	opBinary   = 0x2
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xa
)

const (
	bitFinal   = 0x80
	bitsRSV    = 0x70
	bitMasked  = 0x80
	maxControl = 125
)

// frame is one frame from a listener.
type frame struct {
	final   bool
	opcode  byte
	payload []byte // unmasked
}

// cutFrame reads the frame that b begins with, unmasks it in place and answers its length; 0 where b does not hold all of
// it yet. Faults: invalid, too_large; the connection cannot go on after either.
func cutFrame(b []byte) (f frame, n int, err error) {
	if len(b) < 2 {
		return frame{}, 0, nil
	}
	f.final, f.opcode = b[0]&bitFinal != 0, b[0]&0x0f
	length, head := int(b[1]&0x7f), 2
	switch {
	case b[0]&bitsRSV != 0:
		return frame{}, 0, fault.New(fault.CodeInvalid, "no WebSocket extension was agreed")
	case b[1]&bitMasked == 0:
		return frame{}, 0, fault.New(fault.CodeInvalid, "frames of a client are masked")
	case f.opcode == opText:
		return frame{}, 0, fault.New(fault.CodeInvalid, "messages are binary")
	case f.opcode > opPong || f.opcode > opBinary && f.opcode < opClose:
		return frame{}, 0, fault.New(fault.CodeInvalid, "opcode %d is not known", f.opcode)
	case f.opcode >= opClose && (!f.final || length > maxControl):
		return frame{}, 0, fault.New(fault.CodeInvalid, "control frames are short and whole")
	case length == 127:
		return frame{}, 0, fault.New(fault.CodeTooLarge, "a message has at most %d bytes", maxMessageBytes)
	case length == 126:
		if len(b) < 4 {
			return frame{}, 0, nil
		}
		length, head = int(binary.BigEndian.Uint16(b[2:])), 4
		if length < 126 {
			return frame{}, 0, fault.New(fault.CodeInvalid, "a frame's length has the shortest form")
		}
	}
	if length > maxMessageBytes {
		return frame{}, 0, fault.New(fault.CodeTooLarge, "a message has at most %d bytes", maxMessageBytes)
	}
	n = head + 4 + length
	if len(b) < n {
		return frame{}, 0, nil
	}
	mask := b[head : head+4]
	f.payload = b[head+4 : n]
	for i := range f.payload {
		f.payload[i] ^= mask[i&3]
	}
	return f, n, nil
}
