package audio

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// castagnoli is the polynomial of CRC-32C (RFC 3720 appendix B.4).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	crcField = 15
	crcBytes = 5 // tag and fixed32
)

// Encode answers the bytes of a batch, which no hop changes. The error says that the batch breaks a bound.
func (b *Batch) Encode() ([]byte, error) {
	wire := &listenv1.Batch{
		Number: uint64(b.Number), Epoch: uint64(b.Epoch), Rendition: string(b.Rendition),
		Log: WirePosition(b.Log),
	}
	for _, frame := range b.Frames {
		wire.Frames = append(wire.Frames, &listenv1.Frame{Track: uint32(frame.Track), Opus: frame.Opus})
	}
	for _, event := range b.Events {
		wire.Events = append(wire.Events, wireEvent(event))
	}
	for _, level := range b.Levels {
		wire.Levels = append(wire.Levels, &listenv1.Level{Seat: uint32(level.Seat), Dbov: level.DBov[:]})
	}
	out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(make([]byte, 0, 1024), wire)
	if err != nil {
		return nil, fmt.Errorf("encode batch %d: %w", b.Number, err)
	}
	sum := crc32.Checksum(out, castagnoli)
	out = protowire.AppendTag(out, crcField, protowire.Fixed32Type)
	out = protowire.AppendFixed32(out, sum)
	if len(out) > MaxBatchBytes {
		return nil, fmt.Errorf("encode batch %d: %d bytes are more than %d", b.Number, len(out), MaxBatchBytes)
	}
	return out, nil
}

// Peek checks the length and the CRC of an encoded batch and reads its header without allocating.
func Peek(encoded []byte) (Header, error) {
	var h Header
	if len(encoded) > MaxBatchBytes {
		return h, fault.New(fault.CodeTooLarge, "a batch has at most %d bytes", MaxBatchBytes)
	}
	body := len(encoded) - crcBytes
	if body <= 0 || encoded[body] != crcField<<3|byte(protowire.Fixed32Type) {
		return h, fault.New(fault.CodeInvalid, "a batch must end in its CRC")
	}
	if crc32.Checksum(encoded[:body], castagnoli) != binary.LittleEndian.Uint32(encoded[body+1:]) {
		return h, fault.New(fault.CodeInvalid, "the batch's CRC does not fit its bytes")
	}
	for rest := encoded[:body]; len(rest) > 0; {
		field, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return h, badBatch(protowire.ParseError(n))
		}
		rest = rest[n:]
		switch {
		case field == 1 && kind == protowire.VarintType:
			value, n := protowire.ConsumeVarint(rest)
			if n < 0 {
				return h, badBatch(protowire.ParseError(n))
			}
			h.Number, rest = Number(value), rest[n:]
		case field == 2 && kind == protowire.VarintType:
			value, n := protowire.ConsumeVarint(rest)
			if n < 0 {
				return h, badBatch(protowire.ParseError(n))
			}
			h.Epoch, rest = Epoch(value), rest[n:]
		case field == 3 && kind == protowire.BytesType:
			value, n := protowire.ConsumeBytes(rest)
			if n < 0 {
				return h, badBatch(protowire.ParseError(n))
			}
			h.Rendition, rest = intern(value), rest[n:]
		default:
			n := protowire.ConsumeFieldValue(field, kind, rest)
			if n < 0 {
				return h, badBatch(protowire.ParseError(n))
			}
			rest = rest[n:]
		}
	}
	if h.Rendition == "" {
		return h, fault.New(fault.CodeInvalid, "the batch's rendition is not known")
	}
	if h.Epoch == 0 {
		return h, fault.New(fault.CodeInvalid, "the batch has no epoch")
	}
	return h, nil
}

// DecodeBatch reads an encoded batch and checks every bound. The batch owns its memory.
func DecodeBatch(encoded []byte) (*Batch, error) {
	header, err := Peek(encoded)
	if err != nil {
		return nil, err
	}
	var wire listenv1.Batch
	if err := proto.Unmarshal(encoded, &wire); err != nil {
		return nil, badBatch(err)
	}
	if len(wire.Frames) != FramesPerBatch {
		return nil, fault.New(fault.CodeInvalid, "a batch has %d frames, not %d", FramesPerBatch, len(wire.Frames))
	}
	if len(wire.Events) > MaxBatchEvents || len(wire.Levels) > MaxSeats {
		return nil, fault.New(fault.CodeInvalid, "a batch has at most %d events and %d levels", MaxBatchEvents, MaxSeats)
	}
	b := &Batch{Number: header.Number, Epoch: header.Epoch, Rendition: header.Rendition, Log: ReadPosition(wire.Log)}
	for i, frame := range wire.Frames {
		if frame.GetTrack() > 255 || len(frame.GetOpus()) == 0 || len(frame.GetOpus()) > MaxFrameBytes {
			return nil, fault.New(fault.CodeInvalid, "frame %d has a track above 255 or not 1 to %d bytes", i, MaxFrameBytes)
		}
		b.Frames[i] = Frame{Track: uint8(frame.GetTrack()), Opus: frame.GetOpus()}
	}
	for i, event := range wire.Events {
		read, err := readEvent(event)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		b.Events = append(b.Events, read)
	}
	for i, level := range wire.Levels {
		if level.GetSeat() < 1 || level.GetSeat() > MaxSeats || len(level.GetDbov()) != FramesPerBatch {
			return nil, fault.New(fault.CodeInvalid, "level %d has no seat from 1 to %d or not %d values", i, MaxSeats, FramesPerBatch)
		}
		read := Level{Seat: Seat(level.GetSeat())}
		copy(read.DBov[:], level.GetDbov())
		b.Levels = append(b.Levels, read)
	}
	return b, nil
}

// WireGap is the listen protocol's form of a gap.
func WireGap(g Gap) *listenv1.Gap {
	return &listenv1.Gap{
		First: uint64(g.First), Last: uint64(g.Last), Epoch: uint64(g.Epoch), Reason: listenv1.GapReason(g.Reason),
	}
}

// ReadGap checks a gap from outside.
func ReadGap(wire *listenv1.Gap) (Gap, error) {
	g := Gap{
		First: Number(wire.GetFirst()), Last: Number(wire.GetLast()), Epoch: Epoch(wire.GetEpoch()),
		Reason: GapReason(wire.GetReason()),
	}
	if g.First > g.Last || g.Epoch == 0 || wire.GetReason() < 1 || wire.GetReason() > listenv1.GapReason(GapUpstreamLost) {
		return Gap{}, fault.New(fault.CodeInvalid, "a gap has first <= last, an epoch and a known reason")
	}
	return g, nil
}

// WirePosition is the listen protocol's form of a position; nil where there is none.
func WirePosition(p Position) *listenv1.Position {
	if p == (Position{}) {
		return nil
	}
	return &listenv1.Position{Term: p.Term, Offset: p.Offset}
}

// ReadPosition is the other side of WirePosition.
func ReadPosition(wire *listenv1.Position) Position {
	return Position{Term: wire.GetTerm(), Offset: wire.GetOffset()}
}

// WireOccupant is the listen protocol's form of a person in a seat.
func WireOccupant(o Occupant) *listenv1.Seat {
	return &listenv1.Seat{
		Seat: uint32(o.Seat), User: o.User, Name: o.Name, Role: listenv1.Role(o.Role), Muted: o.Muted, Held: o.Held, Away: o.Away,
	}
}

// ReadOccupant checks a seat from outside.
func ReadOccupant(wire *listenv1.Seat) (Occupant, error) {
	if wire.GetSeat() < 1 || wire.GetSeat() > MaxSeats || wire.GetUser() == "" || wire.GetRole() < 1 || wire.GetRole() > listenv1.Role(RoleHost) {
		return Occupant{}, fault.New(fault.CodeInvalid, "a seat is 1 to %d and has a user and a role", MaxSeats)
	}
	return Occupant{
		Seat: Seat(wire.GetSeat()), User: wire.GetUser(), Name: wire.GetName(), Role: Role(wire.GetRole()), Muted: wire.GetMuted(),
		Held: wire.GetHeld(), Away: wire.GetAway(),
	}, nil
}

// WirePolicy is the listen protocol's form of a policy.
func WirePolicy(p Policy) *listenv1.Policy {
	return &listenv1.Policy{OpenStage: p.OpenStage, OpenListening: p.OpenListening, HandMode: listenv1.HandMode(p.Hands)}
}

// ReadPolicy is the other side of WirePolicy. A newer hand mode says nothing to this reader.
func ReadPolicy(wire *listenv1.Policy) Policy {
	return Policy{OpenStage: wire.GetOpenStage(), OpenListening: wire.GetOpenListening(), Hands: ReadHandMode(wire.GetHandMode())}
}

// ReadHandMode answers 0 for a mode that is not known here.
func ReadHandMode(wire listenv1.HandMode) HandMode {
	if wire < 0 || wire > listenv1.HandMode(HandsClosed) {
		return 0
	}
	return HandMode(wire)
}

func wireEvent(e TimedEvent) *listenv1.TimedEvent {
	wire := &listenv1.TimedEvent{Ticks: uint32(e.Ticks), Position: WirePosition(e.Position)}
	switch e.Kind {
	case EventSeated:
		wire.Event = &listenv1.TimedEvent_Seated{Seated: WireOccupant(e.Occupant)}
	case EventUnseated:
		wire.Event = &listenv1.TimedEvent_Unseated{Unseated: uint32(e.Seat)}
	case EventMuted:
		wire.Event = &listenv1.TimedEvent_Muted{Muted: uint32(e.Seat)}
	case EventUnmuted:
		wire.Event = &listenv1.TimedEvent_Unmuted{Unmuted: uint32(e.Seat)}
	case EventEnded:
		wire.Event = &listenv1.TimedEvent_Ended{Ended: &listenv1.Ended{}}
	case EventChanged:
		wire.Event = &listenv1.TimedEvent_Changed{Changed: WireOccupant(e.Occupant)}
	case EventPolicy:
		wire.Event = &listenv1.TimedEvent_Policy{Policy: WirePolicy(e.Policy)}
	}
	return wire
}

func readEvent(wire *listenv1.TimedEvent) (TimedEvent, error) {
	e := TimedEvent{Ticks: uint16(wire.GetTicks()), Position: ReadPosition(wire.GetPosition())}
	if wire.GetTicks() >= BatchTicks || e.Position == (Position{}) {
		return e, fault.New(fault.CodeInvalid, "an event has a place in its batch and a position")
	}
	var seat uint32
	var err error
	switch event := wire.GetEvent().(type) {
	case *listenv1.TimedEvent_Seated:
		e.Kind, seat = EventSeated, event.Seated.GetSeat()
		e.Occupant, err = ReadOccupant(event.Seated)
	case *listenv1.TimedEvent_Unseated:
		e.Kind, seat = EventUnseated, event.Unseated
	case *listenv1.TimedEvent_Muted:
		e.Kind, seat = EventMuted, event.Muted
	case *listenv1.TimedEvent_Unmuted:
		e.Kind, seat = EventUnmuted, event.Unmuted
	case *listenv1.TimedEvent_Ended:
		e.Kind = EventEnded
		return e, nil
	case *listenv1.TimedEvent_Changed:
		e.Kind, seat = EventChanged, event.Changed.GetSeat()
		e.Occupant, err = ReadOccupant(event.Changed)
	case *listenv1.TimedEvent_Policy:
		e.Kind, e.Policy = EventPolicy, ReadPolicy(event.Policy)
		return e, nil
	default:
		return e, nil // a newer kind: its position counts, its content does not concern this reader
	}
	if err == nil && (seat < 1 || seat > MaxSeats) {
		err = fault.New(fault.CodeInvalid, "a seat is 1 to %d", MaxSeats)
	}
	e.Seat = Seat(seat)
	return e, err
}

// intern answers the known rendition with this name, or "".
func intern(name []byte) Rendition {
	for _, r := range Renditions {
		if string(name) == string(r) {
			return r
		}
	}
	return ""
}

func badBatch(err error) error {
	return fault.New(fault.CodeInvalid, "these bytes are not a batch").Because(err)
}
