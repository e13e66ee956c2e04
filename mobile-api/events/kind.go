package events

// kind is an event as it is written.
type kind string

const (
	nothing         kind = "" // concerns nobody here; only its position counts
	seated          kind = "seated"
	unseated        kind = "unseated"
	muted           kind = "muted"
	unmuted         kind = "unmuted"
	held            kind = "held"
	released        kind = "released"
	mediaLost       kind = "media_lost"
	mediaFound      kind = "media_found"
	appointed       kind = "appointed"
	dismissed       kind = "dismissed"
	handModeSet     kind = "hand_mode_set"
	allHandsLowered kind = "all_hands_lowered"
	handRaised      kind = "hand_raised"
	handLowered     kind = "hand_lowered"
	handAbsent      kind = "hand_absent"
	handPresent     kind = "hand_present"
	invited         kind = "invited"
	inviteClosed    kind = "invite_closed"
	removed         kind = "removed"
	readmitted      kind = "readmitted"
	roomEnded       kind = "room_ended"
)

// audience is who may see an event.
type audience uint8

const (
	nobody audience = iota
	concerned
	everyone
)

// audience: what is about one person's wish to speak is between that person and the moderators.
func (k kind) audience() audience {
	switch k {
	case nothing:
		return nobody
	case handRaised, handLowered, handAbsent, handPresent, invited, inviteClosed, removed, readmitted:
		return concerned
	}
	return everyone
}
