package events

import (
	"cmp"
	"slices"
	"strings"

	"rostrum/mobile-api/view"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// readStage reads a whole stage with its hands.
func readStage(wire *listenerstatev1.Stage) *stage {
	s := &stage{at: view.PositionFrom(wire.GetPosition()), shown: view.StageFrom(wire), hands: newQueue()}
	for _, hand := range wire.GetHands() {
		s.hands.raise(view.HandFrom(hand))
	}
	slices.Sort(s.shown.Moderators)
	slices.Sort(s.shown.Removed)
	slices.SortFunc(s.shown.Seats, func(a, b view.Seat) int { return cmp.Compare(a.Seat, b.Seat) })
	return s
}

// readEvent reads an event. One of a kind that is not known here has only its position.
func readEvent(wire *listenerstatev1.StageEvent) event {
	from := wire.GetEvent()
	e := event{at: view.PositionFrom(from.GetPosition()), time: view.TimeFrom(from.GetWallTime()), by: actorFrom(from.GetActor())}
	if !readSeatEvent(&e, wire) && !readQueueEvent(&e, wire) {
		readRoomEvent(&e, from)
	}
	return e
}

func readSeatEvent(e *event, wire *listenerstatev1.StageEvent) bool {
	of := func(k kind, user string, seat uint32) { e.kind, e.user, e.seat = k, user, seat }
	switch p := wire.GetEvent().GetPayload().(type) {
	case *listenerstatev1.Event_Seated:
		of(seated, p.Seated.GetUser(), p.Seated.GetSeat())
		e.taken = view.Seat{
			Seat: e.seat, User: e.user, Name: wire.GetOpened()["name"], Role: view.RoleFrom(p.Seated.GetRole()), Muted: p.Seated.GetMuted(),
			Held: p.Seated.GetHeld(),
		}
	case *listenerstatev1.Event_Unseated:
		of(unseated, p.Unseated.GetUser(), p.Unseated.GetSeat())
		e.reason = reasonFrom(p.Unseated.GetReason(), "UNSEAT_REASON_")
	case *listenerstatev1.Event_Muted:
		of(muted, p.Muted.GetUser(), p.Muted.GetSeat())
	case *listenerstatev1.Event_Unmuted:
		of(unmuted, p.Unmuted.GetUser(), p.Unmuted.GetSeat())
	case *listenerstatev1.Event_Held:
		of(held, p.Held.GetUser(), p.Held.GetSeat())
	case *listenerstatev1.Event_Released:
		of(released, p.Released.GetUser(), p.Released.GetSeat())
	case *listenerstatev1.Event_MediaFound:
		of(mediaFound, p.MediaFound.GetUser(), p.MediaFound.GetSeat())
	case *listenerstatev1.Event_MediaLost:
		of(mediaLost, p.MediaLost.GetUser(), p.MediaLost.GetSeat())
	default:
		return false
	}
	return true
}

func readQueueEvent(e *event, wire *listenerstatev1.StageEvent) bool {
	of := func(k kind, user string) { e.kind, e.user = k, user }
	switch p := wire.GetEvent().GetPayload().(type) {
	case *listenerstatev1.Event_HandRaised:
		of(handRaised, p.HandRaised.GetUser())
		e.name, e.note = wire.GetOpened()["name"], wire.GetOpened()["note"]
	case *listenerstatev1.Event_HandLowered:
		of(handLowered, p.HandLowered.GetUser())
		e.reason = reasonFrom(p.HandLowered.GetReason(), "HAND_LOWER_REASON_")
	case *listenerstatev1.Event_HandAbsent:
		of(handAbsent, p.HandAbsent.GetUser())
	case *listenerstatev1.Event_HandPresent:
		of(handPresent, p.HandPresent.GetUser())
	case *listenerstatev1.Event_Invited:
		of(invited, p.Invited.GetUser())
		e.name, e.expires = wire.GetOpened()["name"], view.TimeFrom(p.Invited.GetExpiresAt())
	case *listenerstatev1.Event_InviteClosed:
		of(inviteClosed, p.InviteClosed.GetUser())
		e.reason = reasonFrom(p.InviteClosed.GetReason(), "INVITE_CLOSE_REASON_")
	default:
		return false
	}
	return true
}

func readRoomEvent(e *event, from *listenerstatev1.Event) {
	of := func(k kind, user string) { e.kind, e.user = k, user }
	switch p := from.GetPayload().(type) {
	case *listenerstatev1.Event_AllHandsLowered:
		of(allHandsLowered, "")
	case *listenerstatev1.Event_HandModeSet:
		of(handModeSet, "")
		e.mode = view.HandModeFrom(p.HandModeSet.GetMode())
	case *listenerstatev1.Event_Appointed:
		of(appointed, p.Appointed.GetUser())
	case *listenerstatev1.Event_Dismissed:
		of(dismissed, p.Dismissed.GetUser())
	case *listenerstatev1.Event_Removed:
		of(removed, p.Removed.GetUser())
	case *listenerstatev1.Event_Readmitted:
		of(readmitted, p.Readmitted.GetUser())
	case *listenerstatev1.Event_RoomEnded:
		of(roomEnded, "")
	}
}

func actorFrom(wire *listenerstatev1.Actor) string {
	if user := wire.GetUser(); user != "" {
		return user
	}
	return "service:" + wire.GetService()
}

// reasonFrom writes an enum's value as the protocol does: without its prefix, in small letters.
func reasonFrom(wire interface{ String() string }, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(wire.String(), prefix))
}
