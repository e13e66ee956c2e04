package listenerstate

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// encodeSnapshot answers a stage as the archive keeps it, personal fields sealed.
func encodeSnapshot(key chain.Key, stage Stage, head chain.Head) ([]byte, error) {
	wire := &listenerstatev1.Snapshot{Stage: wireStage(key, stage), Hash: head.Hash[:], WallTime: timestamppb.New(stage.WallTime)}
	for _, seat := range stage.Seats {
		if sealed := seat.Name.Sealed; !sealed.empty() {
			wire.Names = append(wire.Names, &listenerstatev1.SealedName{
				Seat: seat.Number, CommandId: string(sealed.Command), Sealed: wireSealed(sealed),
			})
		}
		wire.Media = append(wire.Media, &listenerstatev1.SeatMedia{
			Seat: seat.Number, Session: string(seat.Session), LostSince: wireTime(seat.AwaySince),
		})
	}
	for hand := range stage.Hands.All() {
		wire.Stage.Hands = append(wire.Stage.Hands, wireHand(hand))
		wire.Fields = appendFields(wire.Fields, true, hand.User, hand.Name, hand.Note)
	}
	for _, invite := range stage.Invites {
		wire.Fields = appendFields(wire.Fields, false, invite.User, invite.Name)
	}
	bytes, err := stored.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot of %s: %w", key, err)
	}
	return bytes, nil
}

// appendFields adds the sealed fields of one event, where there are any.
func appendFields(all []*listenerstatev1.SealedFields, hand bool, user id.User, names ...Name) []*listenerstatev1.SealedFields {
	fields := &listenerstatev1.SealedFields{Hand: hand, User: string(user)}
	for _, name := range names {
		if !name.Sealed.empty() {
			fields.CommandId = string(name.Sealed.Command)
			fields.Sealed = append(fields.Sealed, wireSealed(name.Sealed))
		}
	}
	if len(fields.Sealed) == 0 {
		return all
	}
	return append(all, fields)
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
	stage := readStage(s)
	stage.WallTime = timeOf(wire.GetWallTime())
	for _, name := range wire.GetNames() {
		stage = stage.withSeat(name.GetSeat(), func(seat *Seat) { seat.Name = Name{Sealed: parseSealed(name.GetSealed(), name.GetCommandId())} })
	}
	for _, media := range wire.GetMedia() {
		stage = stage.withSeat(media.GetSeat(), func(seat *Seat) {
			seat.Session, seat.AwaySince = id.Session(media.GetSession()), timeOf(media.GetLostSince())
		})
	}
	for _, fields := range wire.GetFields() {
		stage = stage.withFields(fields)
	}
	head.Position = stage.Position
	copy(head.Hash[:], wire.GetHash())
	return stage, head, nil
}

// withFields puts sealed fields back where they came from.
func (s Stage) withFields(fields *listenerstatev1.SealedFields) Stage {
	name, note := Name{}, Name{}
	for _, sealed := range fields.GetSealed() {
		switch sealed.GetField() {
		case fieldName:
			name = Name{Sealed: parseSealed(sealed, fields.GetCommandId())}
		case fieldNote:
			note = Name{Sealed: parseSealed(sealed, fields.GetCommandId())}
		}
	}
	if fields.GetHand() {
		if hand, up := s.Hands.Of(id.User(fields.GetUser())); up {
			hand.Name, hand.Note = name, note
			s.Hands = s.Hands.with(hand)
		}
		return s
	}
	for i := range s.Invites { // the stage was just read: nobody else has the list
		if s.Invites[i].User == id.User(fields.GetUser()) {
			s.Invites[i].Name = name
		}
	}
	return s
}
