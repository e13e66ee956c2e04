package relay

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Fields of ServerMessage.
const (
	fieldBatch = 1
	fieldGap   = 2
	fieldCard  = 4
)

// finBinary begins an unfragmented binary message (RFC 6455 section 5.2). Servers do not mask.
const finBinary = 0x82

// maxFrameBody is the longest payload that a frame with a 16-bit length holds.
const maxFrameBody = 1<<16 - 1

// maxFrameOverhead is the most that appendFrame adds to a body: WebSocket header, envelope tag and length.
const maxFrameOverhead = 4 + 1 + 3

// appendFrame appends one WebSocket message: a ServerMessage with body in the field, which has a length of at most
// maxFrameBody with its envelope.
func appendFrame(dst []byte, field protowire.Number, body []byte) []byte {
	envelope := 1 + protowire.SizeVarint(uint64(len(body)))
	dst = AppendHeader(dst, finBinary, envelope+len(body))
	dst = append(dst, byte(field<<3)|byte(protowire.BytesType))
	dst = protowire.AppendVarint(dst, uint64(len(body)))
	return append(dst, body...)
}

// AppendHeader appends the header of an unmasked WebSocket frame whose payload has length bytes, at most 65535.
func AppendHeader(dst []byte, first byte, length int) []byte {
	if length < 126 {
		return append(dst, first, byte(length))
	}
	return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(length))
}

// AppendMessage appends a message that is not in a ring, such as Hello, as one WebSocket frame. It answers dst as it was
// where the message is too long for a frame.
func AppendMessage(dst []byte, message *listenv1.ServerMessage) []byte {
	body, err := proto.Marshal(message)
	if err != nil || len(body) > maxFrameBody {
		return dst
	}
	return append(AppendHeader(dst, finBinary, len(body)), body...)
}
