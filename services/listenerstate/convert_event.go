package listenerstate

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// schema is the version of the event envelope.
const schema = 1

// maxEventBytes bounds a stored event; the largest one, RoomOpened with 100 speakers, has 5 KiB.
const maxEventBytes = 16 << 10

// encodeEvent answers the bytes of an event that are stored and hashed.
func encodeEvent(key chain.Key, e Event) ([]byte, error) {
	wire := &listenerstatev1.Event{
		Schema: schema, App: string(key.App), Room: string(key.Room), Position: wirePosition(e.Position),
		WallTime: timestamppb.New(e.WallTime), Actor: wireActor(e.Actor), CommandId: string(e.Command),
	}
	if e.Prev != (chain.Hash{}) {
		wire.PrevHash = e.Prev[:]
	}
	if err := wireChange(wire, e.Change); err != nil {
		return nil, err
	}
	bytes, err := stored.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Position, err)
	}
	if len(bytes) > maxEventBytes {
		return nil, fault.New(fault.CodeTooLarge, "an event has at most %d bytes", maxEventBytes)
	}
	return bytes, nil
}

func wireActor(a Actor) *listenerstatev1.Actor {
	if a.User != "" {
		return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(a.User)}}
	}
	return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: string(a.Service)}}
}

func wireSealed(s Sealed) *listenerstatev1.Sealed {
	return &listenerstatev1.Sealed{User: string(s.User), Field: s.Field, Nonce: s.Nonce, Ciphertext: s.Ciphertext}
}

func wireAnchor(a OriginAnchored) *listenerstatev1.OriginAnchored {
	return &listenerstatev1.OriginAnchored{
		Epoch: a.Epoch, FirstNumber: a.FirstNumber, WallTime: timestamppb.New(a.WallTime), Node: string(a.Node),
	}
}

var errBadEvent = errors.New("these bytes are no event of this log")

// decodeEvent reads stored bytes and checks that they are an event of this log. An event of a newer schema is an error:
// a stage that skipped it would be wrong.
func decodeEvent(key chain.Key, bytes []byte) (Event, error) {
	var e Event
	wire, err := unmarshalEvent(bytes)
	if err != nil {
		return e, err
	}
	if wire.GetSchema() != schema || wire.GetApp() != string(key.App) || wire.GetRoom() != string(key.Room) {
		return e, fmt.Errorf("schema %d of %s:%s: %w", wire.GetSchema(), wire.GetApp(), wire.GetRoom(), errBadEvent)
	}
	e.Position = parsePosition(wire.GetPosition())
	if e.Position.Term == 0 || e.Position.Offset == 0 || !wire.GetWallTime().IsValid() {
		return e, fmt.Errorf("position or time: %w", errBadEvent)
	}
	if n := copy(e.Prev[:], wire.GetPrevHash()); n != len(wire.GetPrevHash()) || n != 0 && n != len(e.Prev) {
		return e, fmt.Errorf("previous hash: %w", errBadEvent)
	}
	if e.Actor, err = parseActor(wire.GetActor()); err != nil {
		return e, fmt.Errorf("%w: %w", errBadEvent, err)
	}
	if e.Command, err = id.ParseCommand(wire.GetCommandId()); err != nil {
		return e, fmt.Errorf("%w: %w", errBadEvent, err)
	}
	e.WallTime = timeOf(wire.GetWallTime())
	e.Change, err = parseChange(wire)
	return e, err
}

func unmarshalEvent(bytes []byte) (*listenerstatev1.Event, error) {
	if len(bytes) > maxEventBytes {
		return nil, fmt.Errorf("%d bytes: %w", len(bytes), errBadEvent)
	}
	wire := new(listenerstatev1.Event)
	if err := proto.Unmarshal(bytes, wire); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadEvent, err)
	}
	return wire, nil
}

func parseSealed(wire *listenerstatev1.Sealed, command string) Sealed {
	return Sealed{
		User: id.User(wire.GetUser()), Command: id.Command(command), Field: wire.GetField(), Nonce: wire.GetNonce(),
		Ciphertext: wire.GetCiphertext(),
	}
}

func parseAnchored(wire *listenerstatev1.OriginAnchored) OriginAnchored {
	return OriginAnchored{
		Epoch: wire.GetEpoch(), FirstNumber: wire.GetFirstNumber(), WallTime: timeOf(wire.GetWallTime()), Node: id.Node(wire.GetNode()),
	}
}
