package room

import (
	"strings"

	"rostrum/client/stage"
)

// sentence says an event in words. name answers what a user is called.
func sentence(e stage.Event, name func(user string) string) string {
	who, by := name(e.User), name(e.By)
	own := e.By == e.User
	if strings.HasPrefix(e.By, "service:") {
		by = ""
	}
	switch e.Kind {
	case stage.Appointed:
		return who + " is a moderator"
	case stage.Dismissed:
		return who + " is no moderator any more"
	case stage.HandModeSet:
		if by != "" {
			return by + " set hands to " + clean(string(e.Mode))
		}
		return "hands are " + clean(string(e.Mode))
	case stage.AllHandsLowered:
		if by != "" {
			return by + " lowered all hands"
		}
		return "all hands are down"
	case stage.Removed:
		return about(own, by, who, "is kept out", "removed")
	case stage.Readmitted:
		return about(own, by, who, "may come back", "readmitted")
	case stage.RoomEnded:
		return "the room is over"
	case stage.HandRaised, stage.HandLowered, stage.HandAbsent, stage.HandPresent, stage.Invited, stage.InviteClosed:
		return asked(e, own, by, who)
	}
	return seated(e, own, by, who)
}

// seated says the events of seats, and what is unknown.
func seated(e stage.Event, own bool, by, who string) string {
	switch e.Kind {
	case stage.Seated:
		return about(own, by, who, "has a seat", "seated")
	case stage.Unseated:
		return unseated(e, own, by, who)
	case stage.Muted:
		return about(own, by, who, "is muted", "muted")
	case stage.Unmuted:
		return who + " is unmuted"
	case stage.Held:
		return about(own, by, who, "is held", "holds")
	case stage.Released:
		return about(own, by, who, "may unmute", "released")
	case stage.MediaLost:
		return who + " lost the microphone"
	case stage.MediaFound:
		return who + " has a microphone"
	}
	return strings.TrimSpace(clean(string(e.Kind)) + " " + who)
}

// asked says the events of hands and invites.
func asked(e stage.Event, own bool, by, who string) string {
	switch e.Kind {
	case stage.HandRaised:
		if e.Note != "" {
			return who + " raised a hand: “" + clean(e.Note) + "”"
		}
		return who + " raised a hand"
	case stage.HandLowered:
		if e.Reason == "moderator" && by != "" {
			return by + " lowered " + who + "’s hand"
		}
		return who + "’s hand is down" + because(e.Reason)
	case stage.HandAbsent:
		return who + " is away, hand up"
	case stage.HandPresent:
		return who + " is back"
	case stage.Invited:
		return about(own, by, who, "is invited", "invited")
	}
	return who + "’s invite is closed" + because(e.Reason)
}

func unseated(e stage.Event, own bool, by, who string) string {
	switch {
	case e.Reason == "moved_to_audience" && !own && by != "":
		return by + " moved " + who + " to the audience"
	case e.Reason == "away":
		return who + " lost the seat: no microphone"
	case e.Reason == "left" || e.Reason == "moved_to_audience":
		return who + " went to the audience"
	}
	return who + " has no seat any more" + because(e.Reason)
}

// about says what somebody did, or what became of a person where nobody else did it.
func about(own bool, by, who, became, did string) string {
	if by == "" || own {
		return who + " " + became
	}
	return by + " " + did + " " + who
}

func because(reason string) string {
	switch reason {
	case "", "self":
		return ""
	}
	return " (" + strings.ReplaceAll(clean(reason), "_", " ") + ")"
}
