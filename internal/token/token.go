// Package token owns what people carry: access tokens (JWE, who you are) and grants (JWS, what you may do in one room).
package token

import (
	"time"

	"rostrum/internal/id"
)

// Access says who somebody is. Only gateways can read it (JWE, dir + A256GCM).
type Access struct {
	App     id.App
	User    id.User
	Name    string
	Guest   bool
	Issued  time.Time
	Expires time.Time
}

// Right is one thing that a grant allows.
type Right string

const (
	RightListen Right = "listen"   // the WebSocket door
	RightOgg    Right = "door:ogg" // listen.ogg, connecting within its lifetime
	RightSpeak  Right = "speak"    // open a session as a seated speaker
)

// Open is the subject of grants for listeners without identity.
const Open = "open"

// Grant says what its bearer may do in one room. Anyone with the public key can check it (JWS, Ed25519, key id in the header).
type Grant struct {
	App     id.App
	Room    id.Room
	Subject string // a user id, or Open
	Right   Right
	Regions []string // empty: everywhere
	Issued  time.Time
	Expires time.Time
	Key     string // the id of the key that it was verified with; set by Verify
}

// Lifetimes.
const (
	GuestLifetime  = 24 * time.Hour
	ListenLifetime = 12 * time.Hour
	DoorLifetime   = 5 * time.Minute
	SpeakLifetime  = 5 * time.Minute
)
