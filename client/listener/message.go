package listener

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Bounds of a batch (proto/rostrum/listen/v1/listen.proto).
const (
	maxBatchBytes   = 8192
	framesPerBatch  = 10
	maxFrameBytes   = 1275
	ticksPerBatch   = 9600
	crcBytes        = 5
	crcTag          = 15<<3 | byte(protowire.Fixed32Type)
	fieldBatch      = 1
	maxSeats        = 100
	maxEvents       = 32
	loudnessPerSeat = framesPerBatch
)

// ErrCorrupt says that an edge broke CRC, form or protocol; the connection is left and resumed elsewhere.
var ErrCorrupt = errors.New("the edge broke the protocol")

type corrupt struct{ what string }

func (c *corrupt) Error() string { return ErrCorrupt.Error() + ": " + c.what }

func (c *corrupt) Is(target error) bool { return target == ErrCorrupt }

// message is a ServerMessage whose batch kept its bytes.
type message struct {
	batch   *listenv1.Batch
	encoded []byte // of batch, a part of what was parsed
	gap     *listenv1.Gap
	hello   *listenv1.Hello
	card    *listenv1.RoomCard
	move    *listenv1.Move
}

// parse reads one message and verifies what it holds. A message of a newer kind is empty. known may be nil; where it is not,
// the message keeps nothing of raw.
func parse(raw []byte, known *Batches) (message, error) {
	if number, kind, n := protowire.ConsumeTag(raw); n > 0 && number == fieldBatch && kind == protowire.BytesType {
		encoded, m := protowire.ConsumeBytes(raw[n:])
		if m < 0 || n+m != len(raw) {
			return message{}, &corrupt{"a batch's length does not fit its message"}
		}
		if known != nil {
			v, err := known.read(encoded)
			return message{batch: v.batch, encoded: v.encoded}, err
		}
		batch, err := readBatch(encoded)
		return message{batch: batch, encoded: encoded}, err
	}
	var wire listenv1.ServerMessage
	if err := proto.Unmarshal(raw, &wire); err != nil {
		return message{}, &corrupt{"a message cannot be read"}
	}
	if wire.GetBatch() != nil {
		return message{}, &corrupt{"a batch has company in its message"}
	}
	gap := wire.GetGap()
	if gap != nil && (gap.GetFirst() > gap.GetLast() || gap.GetEpoch() == 0) {
		return message{}, &corrupt{"a gap ends before it begins or has no epoch"}
	}
	return message{gap: gap, hello: wire.GetHello(), card: wire.GetCard(), move: wire.GetMove()}, nil
}

// readBatch verifies CRC, form and bounds.
func readBatch(encoded []byte) (*listenv1.Batch, error) {
	body := len(encoded) - crcBytes
	if body <= 0 || len(encoded) > maxBatchBytes || encoded[body] != crcTag {
		return nil, &corrupt{"a batch has no CRC at its end or is too large"}
	}
	if crc32.Checksum(encoded[:body], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(encoded[body+1:]) {
		return nil, &corrupt{"a batch's CRC does not fit"}
	}
	var b listenv1.Batch
	if err := proto.Unmarshal(encoded, &b); err != nil {
		return nil, &corrupt{"a batch cannot be read"}
	}
	if len(b.GetFrames()) != framesPerBatch || b.GetEpoch() == 0 || len(b.GetEvents()) > maxEvents || len(b.GetLevels()) > maxSeats {
		return nil, &corrupt{fmt.Sprintf("batch %d is not whole", b.GetNumber())}
	}
	for _, f := range b.GetFrames() {
		if n := len(f.GetOpus()); n == 0 || n > maxFrameBytes {
			return nil, &corrupt{fmt.Sprintf("batch %d has a frame of %d bytes", b.GetNumber(), n)}
		}
	}
	for _, e := range b.GetEvents() {
		if e.GetTicks() >= ticksPerBatch {
			return nil, &corrupt{fmt.Sprintf("batch %d has an event outside of it", b.GetNumber())}
		}
	}
	for _, level := range b.GetLevels() {
		if len(level.GetDbov()) != loudnessPerSeat || level.GetSeat() == 0 {
			return nil, &corrupt{fmt.Sprintf("batch %d has a level that is not whole", b.GetNumber())}
		}
	}
	return &b, nil
}
