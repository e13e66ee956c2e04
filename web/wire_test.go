package web

import (
	"encoding/binary"
	"hash/crc32"

	"google.golang.org/protobuf/encoding/protowire"
)

// The listen protocol's messages, written by hand from proto/rostrum/listen/v1/listen.proto and docs/protocol.md, so
// that the client is tested against the page and not against the same generated code.

type fields []byte

func (f fields) number(field protowire.Number, value uint64) fields {
	return protowire.AppendVarint(protowire.AppendTag(f, field, protowire.VarintType), value)
}

func (f fields) bytes(field protowire.Number, value []byte) fields {
	return protowire.AppendBytes(protowire.AppendTag(f, field, protowire.BytesType), value)
}

func position(offset uint64) fields { return fields(nil).number(1, 1).number(2, offset) }

// seat is a person on the fake stage.
type seat struct {
	Seat  uint64 `json:"seat"`
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Muted bool   `json:"muted"`
	Held  bool   `json:"held"`
	Away  bool   `json:"away"`
}

func (s seat) encode() fields {
	role := map[string]uint64{"speaker": 2, "moderator": 3, "host": 4}[s.Role]
	out := fields(nil).number(1, s.Seat).bytes(2, []byte(s.User)).bytes(3, []byte(s.Name)).number(4, role)
	if s.Muted {
		out = out.number(5, 1)
	}
	if s.Held {
		out = out.number(6, 1)
	}
	return out
}

// event is a timed event: oneof field and its value.
type event struct {
	ticks, offset uint64
	field         protowire.Number
	seat          uint64
}

func batch(number, epoch uint64, frames [][]byte, log uint64, events []event, levels map[byte][]byte) []byte {
	out := fields(nil).number(1, number).number(2, epoch).bytes(3, []byte("voice-32"))
	for _, opus := range frames {
		out = out.bytes(4, fields(nil).bytes(2, opus))
	}
	out = out.bytes(5, position(log))
	for _, e := range events {
		out = out.bytes(6, fields(nil).number(1, e.ticks).bytes(2, position(e.offset)).number(e.field, e.seat))
	}
	for seat, dbov := range levels {
		out = out.bytes(7, fields(nil).number(1, uint64(seat)).bytes(2, dbov))
	}
	sum := crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli))
	out = protowire.AppendTag(out, 15, protowire.Fixed32Type)
	return fields(nil).bytes(1, binary.LittleEndian.AppendUint32(out, sum))
}

func gap(first, last, epoch uint64) []byte {
	return fields(nil).bytes(2, fields(nil).number(1, first).number(2, last).number(3, epoch).number(4, 2))
}

func hello(epoch, first, newest, oldest uint64) []byte {
	return fields(nil).bytes(3, fields(nil).number(1, epoch).number(2, first).number(3, newest).number(4, oldest).
		number(5, 200).bytes(6, []byte("voice-32")).number(7, 1).bytes(8, []byte("fake-1")))
}

func card(room, title string, seats []seat, listeners, offset, epoch uint64, policy fields) []byte {
	out := fields(nil).bytes(1, []byte("main")).bytes(2, []byte(room)).bytes(3, []byte(title)).number(4, 2)
	for _, s := range seats {
		out = out.bytes(5, s.encode())
	}
	out = out.bytes(6, fields(nil).number(1, listeners)).bytes(7, policy).
		bytes(8, position(offset)).number(9, offset).number(10, epoch)
	return fields(nil).bytes(4, out)
}
