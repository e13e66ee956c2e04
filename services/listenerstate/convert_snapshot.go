package listenerstate

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// encodeSnapshot answers a stage as the archive keeps it, names sealed.
func encodeSnapshot(key chain.Key, stage Stage, head chain.Head) ([]byte, error) {
	wire := &listenerstatev1.Snapshot{
		Stage: wireStage(key, stage, nil), Hash: head.Hash[:], WallTime: timestamppb.New(stage.WallTime),
	}
	for _, seat := range stage.Seats {
		if sealed := seat.Name.Sealed; !sealed.empty() {
			wire.Names = append(wire.Names, &listenerstatev1.SealedName{
				Seat: seat.Number, CommandId: string(sealed.Command), Sealed: wireSealed(sealed),
			})
		}
	}
	bytes, err := stored.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot of %s: %w", key, err)
	}
	return bytes, nil
}

// decodeSnapshot reads what encodeSnapshot wrote.
func decodeSnapshot(key chain.Key, bytes []byte) (Stage, chain.Head, error) {
	var head chain.Head
	wire := new(listenerstatev1.Snapshot)
	if err := proto.Unmarshal(bytes, wire); err != nil {
		return Stage{}, head, fmt.Errorf("decode snapshot of %s: %w", key, err)
	}
	s := wire.GetStage()
	if s.GetApp() != string(key.App) || s.GetRoom() != string(key.Room) || len(wire.GetHash()) != len(head.Hash) {
		return Stage{}, head, fmt.Errorf("decode snapshot of %s: it is one of %s:%s", key, s.GetApp(), s.GetRoom())
	}
	head.Position = parsePosition(s.GetPosition())
	copy(head.Hash[:], wire.GetHash())
	stage := Stage{
		Position: head.Position, WallTime: timeOf(wire.GetWallTime()), State: stateOf(s.GetState()), Host: id.User(s.GetHost()),
		Title: s.GetTitle(), MaxSeats: s.GetMaxSeats(), OpenStage: s.GetOpenStage(), OpenListening: s.GetOpenListening(),
		Language: s.GetLanguage(), Speakers: users(s.GetSpeakers()), OpenedAt: timeOf(s.GetOpenedAt()), EndedAt: timeOf(s.GetEndedAt()),
	}
	if a := s.GetAnchor(); a != nil {
		stage.Anchor = parseAnchored(a)
	}
	names := make(map[uint32]Name)
	for _, name := range wire.GetNames() {
		names[name.GetSeat()] = Name{Sealed: parseSealed(name.GetSealed(), name.GetCommandId())}
	}
	for _, seat := range s.GetSeats() {
		stage.Seats = append(stage.Seats, Seat{
			Number: seat.GetSeat(), User: id.User(seat.GetUser()), Name: names[seat.GetSeat()], Role: Role(seat.GetRole()), Muted: seat.GetMuted(),
		})
	}
	return stage, head, nil
}
