package listenerstate

import (
	"fmt"

	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// wireChange writes what an event does: the payload, and the sealed fields.
func wireChange(wire *listenerstatev1.Event, change Change) error {
	for _, write := range []func(*listenerstatev1.Event, Change) bool{wireRoomChange, wireSeatChange, wireHandChange, wireInviteChange, wirePresence} {
		if write(wire, change) {
			return nil
		}
	}
	return fmt.Errorf("encode event: %T has no form on the wire", change)
}

// parseChange reads what wireChange wrote.
func parseChange(wire *listenerstatev1.Event) (Change, error) {
	for _, parse := range []func(*listenerstatev1.Event) Change{parseRoomChange, parseSeatChange, parseHandChange, parseInviteChange, parsePresence} {
		if change := parse(wire); change != nil {
			return change, nil
		}
	}
	return nil, fmt.Errorf("payload: %w", errBadEvent)
}

func wireRoomChange(wire *listenerstatev1.Event, change Change) bool {
	switch c := change.(type) {
	case RoomOpened:
		wire.Payload = &listenerstatev1.Event_RoomOpened{RoomOpened: &listenerstatev1.RoomOpened{
			Host: string(c.Host), Title: c.Title, MaxSeats: c.MaxSeats, OpenStage: c.OpenStage, OpenListening: c.OpenListening,
			Language: c.Language, Speakers: texts(c.Speakers),
		}}
	case RoomEnded:
		wire.Payload = &listenerstatev1.Event_RoomEnded{RoomEnded: &listenerstatev1.RoomEnded{}}
	case OriginAnchored:
		wire.Payload = &listenerstatev1.Event_OriginAnchored{OriginAnchored: wireAnchor(c)}
	case Appointed:
		wire.Payload = &listenerstatev1.Event_Appointed{Appointed: &listenerstatev1.Appointed{User: string(c.User)}}
	case Dismissed:
		wire.Payload = &listenerstatev1.Event_Dismissed{Dismissed: &listenerstatev1.Dismissed{User: string(c.User)}}
	case Removed:
		wire.Payload = &listenerstatev1.Event_Removed{Removed: &listenerstatev1.Removed{User: string(c.User)}}
	case Readmitted:
		wire.Payload = &listenerstatev1.Event_Readmitted{Readmitted: &listenerstatev1.Readmitted{User: string(c.User)}}
	default:
		return false
	}
	return true
}

func parseRoomChange(wire *listenerstatev1.Event) Change {
	switch p := wire.GetPayload().(type) {
	case *listenerstatev1.Event_RoomOpened:
		c := p.RoomOpened
		return RoomOpened{
			Host: id.User(c.GetHost()), Title: c.GetTitle(), MaxSeats: c.GetMaxSeats(), OpenStage: c.GetOpenStage(),
			OpenListening: c.GetOpenListening(), Language: c.GetLanguage(), Speakers: users(c.GetSpeakers()),
		}
	case *listenerstatev1.Event_RoomEnded:
		return RoomEnded{}
	case *listenerstatev1.Event_OriginAnchored:
		return parseAnchored(p.OriginAnchored)
	case *listenerstatev1.Event_Appointed:
		return Appointed{id.User(p.Appointed.GetUser())}
	case *listenerstatev1.Event_Dismissed:
		return Dismissed{id.User(p.Dismissed.GetUser())}
	case *listenerstatev1.Event_Removed:
		return Removed{id.User(p.Removed.GetUser())}
	case *listenerstatev1.Event_Readmitted:
		return Readmitted{id.User(p.Readmitted.GetUser())}
	}
	return nil
}

func wireSeatChange(wire *listenerstatev1.Event, change Change) bool {
	switch c := change.(type) {
	case Seated:
		wire.Payload = &listenerstatev1.Event_Seated{Seated: &listenerstatev1.Seated{
			User: string(c.User), Seat: c.Seat, Role: listenv1.Role(c.Role), Muted: c.Muted, Held: c.Held,
		}}
		wire.Sealed = wireFields(c.Name)
	case Unseated:
		wire.Payload = &listenerstatev1.Event_Unseated{Unseated: &listenerstatev1.Unseated{
			User: string(c.User), Seat: c.Seat, Reason: listenerstatev1.UnseatReason(c.Reason),
		}}
	case Muted:
		wire.Payload = &listenerstatev1.Event_Muted{Muted: &listenerstatev1.Muted{User: string(c.User), Seat: c.Seat}}
	case Unmuted:
		wire.Payload = &listenerstatev1.Event_Unmuted{Unmuted: &listenerstatev1.Unmuted{User: string(c.User), Seat: c.Seat}}
	case Held:
		wire.Payload = &listenerstatev1.Event_Held{Held: &listenerstatev1.Held{User: string(c.User), Seat: c.Seat}}
	case Released:
		wire.Payload = &listenerstatev1.Event_Released{Released: &listenerstatev1.Released{User: string(c.User), Seat: c.Seat}}
	default:
		return false
	}
	return true
}

func parseSeatChange(wire *listenerstatev1.Event) Change {
	switch p := wire.GetPayload().(type) {
	case *listenerstatev1.Event_Seated:
		c := p.Seated
		return Seated{
			User: id.User(c.GetUser()), Seat: c.GetSeat(), Role: Role(c.GetRole()), Muted: c.GetMuted(), Held: c.GetHeld(),
			Name: parseField(wire, fieldName),
		}
	case *listenerstatev1.Event_Unseated:
		c := p.Unseated
		return Unseated{User: id.User(c.GetUser()), Seat: c.GetSeat(), Reason: UnseatReason(c.GetReason())}
	case *listenerstatev1.Event_Muted:
		return Muted{User: id.User(p.Muted.GetUser()), Seat: p.Muted.GetSeat()}
	case *listenerstatev1.Event_Unmuted:
		return Unmuted{User: id.User(p.Unmuted.GetUser()), Seat: p.Unmuted.GetSeat()}
	case *listenerstatev1.Event_Held:
		return Held{User: id.User(p.Held.GetUser()), Seat: p.Held.GetSeat()}
	case *listenerstatev1.Event_Released:
		return Released{User: id.User(p.Released.GetUser()), Seat: p.Released.GetSeat()}
	}
	return nil
}

func wireHandChange(wire *listenerstatev1.Event, change Change) bool {
	switch c := change.(type) {
	case HandRaised:
		wire.Payload = &listenerstatev1.Event_HandRaised{HandRaised: &listenerstatev1.HandRaised{User: string(c.User)}}
		wire.Sealed = wireFields(c.Name, c.Note)
	case HandLowered:
		wire.Payload = &listenerstatev1.Event_HandLowered{HandLowered: &listenerstatev1.HandLowered{
			User: string(c.User), Reason: listenerstatev1.HandLowerReason(c.Reason),
		}}
	case AllHandsLowered:
		wire.Payload = &listenerstatev1.Event_AllHandsLowered{AllHandsLowered: &listenerstatev1.AllHandsLowered{}}
	case HandModeSet:
		wire.Payload = &listenerstatev1.Event_HandModeSet{HandModeSet: &listenerstatev1.HandModeSet{Mode: listenv1.HandMode(c.Mode)}}
	default:
		return false
	}
	return true
}

func parseHandChange(wire *listenerstatev1.Event) Change {
	switch p := wire.GetPayload().(type) {
	case *listenerstatev1.Event_HandRaised:
		return HandRaised{User: id.User(p.HandRaised.GetUser()), Name: parseField(wire, fieldName), Note: parseField(wire, fieldNote)}
	case *listenerstatev1.Event_HandLowered:
		return HandLowered{id.User(p.HandLowered.GetUser()), LowerReason(p.HandLowered.GetReason())}
	case *listenerstatev1.Event_AllHandsLowered:
		return AllHandsLowered{}
	case *listenerstatev1.Event_HandModeSet:
		if mode := handModeOf(p.HandModeSet.GetMode()); mode != 0 {
			return HandModeSet{mode}
		}
	}
	return nil
}

func wireInviteChange(wire *listenerstatev1.Event, change Change) bool {
	switch c := change.(type) {
	case Invited:
		wire.Payload = &listenerstatev1.Event_Invited{Invited: &listenerstatev1.Invited{User: string(c.User), ExpiresAt: wireTime(c.ExpiresAt)}}
		wire.Sealed = wireFields(c.Name)
	case InviteClosed:
		wire.Payload = &listenerstatev1.Event_InviteClosed{InviteClosed: &listenerstatev1.InviteClosed{
			User: string(c.User), Reason: listenerstatev1.InviteCloseReason(c.Reason),
		}}
	default:
		return false
	}
	return true
}

func parseInviteChange(wire *listenerstatev1.Event) Change {
	switch p := wire.GetPayload().(type) {
	case *listenerstatev1.Event_Invited:
		return Invited{User: id.User(p.Invited.GetUser()), Name: parseField(wire, fieldName), ExpiresAt: timeOf(p.Invited.GetExpiresAt())}
	case *listenerstatev1.Event_InviteClosed:
		return InviteClosed{id.User(p.InviteClosed.GetUser()), CloseReason(p.InviteClosed.GetReason())}
	}
	return nil
}

func wirePresence(wire *listenerstatev1.Event, change Change) bool {
	switch c := change.(type) {
	case MediaFound:
		wire.Payload = &listenerstatev1.Event_MediaFound{MediaFound: &listenerstatev1.MediaFound{
			User: string(c.User), Seat: c.Seat, Session: string(c.Session),
		}}
	case MediaLost:
		wire.Payload = &listenerstatev1.Event_MediaLost{MediaLost: &listenerstatev1.MediaLost{
			User: string(c.User), Seat: c.Seat, Session: string(c.Session),
		}}
	case HandAbsent:
		wire.Payload = &listenerstatev1.Event_HandAbsent{HandAbsent: &listenerstatev1.HandAbsent{User: string(c.User)}}
	case HandPresent:
		wire.Payload = &listenerstatev1.Event_HandPresent{HandPresent: &listenerstatev1.HandPresent{User: string(c.User)}}
	default:
		return false
	}
	return true
}

func parsePresence(wire *listenerstatev1.Event) Change {
	switch p := wire.GetPayload().(type) {
	case *listenerstatev1.Event_MediaFound:
		c := p.MediaFound
		return MediaFound{id.User(c.GetUser()), c.GetSeat(), id.Session(c.GetSession())}
	case *listenerstatev1.Event_MediaLost:
		c := p.MediaLost
		return MediaLost{id.User(c.GetUser()), c.GetSeat(), id.Session(c.GetSession())}
	case *listenerstatev1.Event_HandAbsent:
		return HandAbsent{id.User(p.HandAbsent.GetUser())}
	case *listenerstatev1.Event_HandPresent:
		return HandPresent{id.User(p.HandPresent.GetUser())}
	}
	return nil
}

// wireFields writes the personal fields that are not empty.
func wireFields(fields ...Name) []*listenerstatev1.Sealed {
	var wire []*listenerstatev1.Sealed
	for _, field := range fields {
		if !field.Sealed.empty() {
			wire = append(wire, wireSealed(field.Sealed))
		}
	}
	return wire
}

func parseField(wire *listenerstatev1.Event, field string) Name {
	for _, s := range wire.GetSealed() {
		if s.GetField() == field {
			return Name{Sealed: parseSealed(s, wire.GetCommandId())}
		}
	}
	return Name{}
}
