package room

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

// Visitor is who wants to enter a room, and what as.
type Visitor struct {
	User    id.User // "": nobody that is known
	Speaker bool
}

// Entrance is what lets a visitor in.
type Entrance struct {
	Room         Room
	Grant        string
	GrantExpires time.Time
	Ogg          string
	Speak        string // "" for listeners
	SpeakExpires time.Time
}

// admits decides whether a room's row lets a visitor in; of speakers the stage decides, too.
func (r Room) admits(v Visitor) error {
	switch {
	case r.State == StateEnded:
		return ended()
	case r.State != StateLive:
		return notLive()
	case v.User == "" && v.Speaker:
		return fault.New(fault.CodeUnauthenticated, "who speaks must be known; get an access token first")
	case v.User == "" && !r.OpenListening:
		return fault.New(fault.CodeUnauthenticated, "this room is for known listeners; get an access token first")
	}
	return nil
}

// admits decides whether a visitor may publish.
func (s Stage) admits(v Visitor) error {
	switch {
	case s.State == StateEnded:
		return ended()
	case s.State != StateLive:
		return notLive()
	case slices.Contains(s.Removed, v.User):
		return fault.New(fault.CodeRemoved, "you were removed from this room")
	case !s.maySpeak(v.User):
		return fault.New(fault.CodeForbidden, "the stage is not open to you; raise a hand")
	}
	return nil
}

// grant is what a visitor may do with one right.
func (r Room) grant(v Visitor, right token.Right, now time.Time, lifetime time.Duration) token.Grant {
	subject := string(v.User)
	if subject == "" {
		subject = token.Open
	}
	return token.Grant{App: r.App, Room: r.ID, Subject: subject, Right: right, Issued: now, Expires: now.Add(lifetime)}
}

func ended() error   { return fault.New(fault.CodeEnded, "the room is over") }
func notLive() error { return fault.New(fault.CodeNotLive, "the room has not been started") }

// mustHost says that only the host may.
func (r Room) mustHost(user id.User, what string) error {
	if user != r.Host {
		return fault.New(fault.CodeForbidden, "only the host may %s the room", what)
	}
	return nil
}
