package events

import "encoding/binary"

// Opcodes (RFC 6455 section 5.2), with the bit that says that the message ends here.
const (
	opText  = 0x81
	opClose = 0x88
	opPing  = 0x89
	opPong  = 0x8a
)

// maxControl bounds what a control frame carries.
const maxControl = 125

// appendHeader appends the header of an unmasked frame of n bytes.
func appendHeader(dst []byte, opcode byte, n int) []byte {
	dst = append(dst, opcode)
	switch {
	case n <= 125:
		return append(dst, byte(n))
	case n <= 1<<16-1:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
}

// frame is a whole frame around a body that is not used again.
func frame(opcode byte, body []byte) []byte {
	return append(appendHeader(make([]byte, 0, len(body)+10), opcode, len(body)), body...)
}
