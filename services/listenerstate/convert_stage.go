package listenerstate

import (
	"slices"

	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// wireStage writes a stage without personal fields and without hands.
func wireStage(key chain.Key, stage Stage) *listenerstatev1.Stage {
	wire := &listenerstatev1.Stage{
		App: string(key.App), Room: string(key.Room), Position: wirePosition(stage.Position), State: wireState(stage.State),
		Host: string(stage.Host), Title: stage.Title, MaxSeats: stage.MaxSeats, OpenStage: stage.OpenStage,
		OpenListening: stage.OpenListening, Language: stage.Language, Speakers: texts(stage.Speakers),
		OpenedAt: wireTime(stage.OpenedAt), EndedAt: wireTime(stage.EndedAt), Moderators: texts(stage.Moderators),
		HandMode: listenv1.HandMode(stage.HandMode), HandCount: uint32(stage.Hands.Len()), Removed: texts(stage.Removed),
	}
	for _, seat := range stage.Seats {
		wire.Seats = append(wire.Seats, &listenv1.Seat{
			Seat: seat.Number, User: string(seat.User), Role: listenv1.Role(seat.Role), Muted: seat.Muted, Held: seat.Held, Away: seat.wasLost(),
		})
	}
	for _, invite := range stage.Invites {
		wire.Invites = append(wire.Invites, &listenerstatev1.PendingInvite{
			User: string(invite.User), By: invite.By.String(), ExpiresAt: wireTime(invite.ExpiresAt),
		})
	}
	for _, a := range stage.Acquaintances {
		wire.Acquaintances = append(wire.Acquaintances, &listenerstatev1.Acquaintance{
			User: string(a.User), Invite: listenerstatev1.InviteCloseReason(a.Invite), ReturnsUntil: wireTime(a.ReturnsUntil), Held: a.Held,
		})
	}
	if stage.Anchor.Epoch > 0 {
		wire.Anchor = wireAnchor(stage.Anchor)
	}
	return wire
}

func wireHand(hand Hand) *listenerstatev1.Hand {
	return &listenerstatev1.Hand{
		User: string(hand.User), Order: hand.Order, RaisedAt: wireTime(hand.RaisedAt), AbsentSince: wireTime(hand.AbsentSince),
	}
}

// readStage reads what wireStage wrote, and hands; there are no personal fields in it.
func readStage(s *listenerstatev1.Stage) Stage {
	stage := Stage{
		Position: parsePosition(s.GetPosition()), State: stateOf(s.GetState()), Host: id.User(s.GetHost()), Title: s.GetTitle(),
		MaxSeats: s.GetMaxSeats(), OpenStage: s.GetOpenStage(), OpenListening: s.GetOpenListening(), Language: s.GetLanguage(),
		Speakers: users(s.GetSpeakers()), OpenedAt: timeOf(s.GetOpenedAt()), EndedAt: timeOf(s.GetEndedAt()),
		Moderators: users(s.GetModerators()), HandMode: handModeOf(s.GetHandMode()), Removed: users(s.GetRemoved()),
	}
	if stage.State != StateNone && stage.HandMode == 0 {
		stage.HandMode = HandsOpen // written before there were modes
	}
	if a := s.GetAnchor(); a != nil {
		stage.Anchor = parseAnchored(a)
	}
	for _, seat := range s.GetSeats() {
		stage.Seats = append(stage.Seats, Seat{
			Number: seat.GetSeat(), User: id.User(seat.GetUser()), Role: Role(seat.GetRole()), Muted: seat.GetMuted(), Held: seat.GetHeld(),
		})
	}
	for _, hand := range s.GetHands() {
		stage.Hands = stage.Hands.with(Hand{
			User: id.User(hand.GetUser()), Order: hand.GetOrder(), RaisedAt: timeOf(hand.GetRaisedAt()), AbsentSince: timeOf(hand.GetAbsentSince()),
		})
	}
	for _, invite := range s.GetInvites() {
		stage.Invites = append(stage.Invites, PendingInvite{
			User: id.User(invite.GetUser()), By: actorNamed(invite.GetBy()), ExpiresAt: timeOf(invite.GetExpiresAt()),
		})
	}
	for _, a := range s.GetAcquaintances() {
		stage.Acquaintances = append(stage.Acquaintances, Acquaintance{
			User: id.User(a.GetUser()), Invite: CloseReason(a.GetInvite()), ReturnsUntil: timeOf(a.GetReturnsUntil()), Held: a.GetHeld(),
		})
	}
	return stage
}

// actorNamed reads what Actor.String writes.
func actorNamed(text string) Actor {
	if slices.Contains(services, ServiceName(text)) {
		return Actor{Service: ServiceName(text)}
	}
	return Actor{User: id.User(text)}
}

// handModeOf answers a mode; one that is unknown here is none, and is refused or read as open.
func handModeOf(wire listenv1.HandMode) HandMode {
	switch wire {
	case listenv1.HandMode_HAND_MODE_OPEN, listenv1.HandMode_HAND_MODE_INVITED, listenv1.HandMode_HAND_MODE_CLOSED:
		return HandMode(wire)
	}
	return 0
}
