// Package id owns the names of things: typed identifiers, how they are made and which texts are identifiers.
//
// A made identifier is a prefix and 20 characters of Crockford's base32 in lower case: 100 random bits. Parsing is
// strict, so an identifier that was accepted once compares equal everywhere.
package id

import (
	"crypto/rand"
	"strings"

	"rostrum/internal/fault"
)

type (
	// App is a tenant. The default is Main.
	App string
	// Room is a room, "rm_…".
	Room string
	// User is a person, "us_…".
	User string
	// Node is a process of the media or control plane, [a-z0-9-]{1,32}.
	Node string
	// Session is one WebRTC negotiation, "<node>.<random>".
	Session string
	// Command is a client's name for one intent, 1 to 64 printable ASCII characters.
	Command string
)

// Main is the app of an installation with one tenant.
const Main App = "main"

const (
	alphabet     = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's, without i l o u
	randomLength = 20
)

// NewRoom makes a room identifier.
func NewRoom() Room { return Room("rm_" + random()) }

// NewUser makes a user identifier.
func NewUser() User { return User("us_" + random()) }

// NewSession makes a session identifier that routes to node.
func NewSession(node Node) Session { return Session(string(node) + "." + random()) }

// NewCommand makes a command identifier for an intent that has none from outside.
func NewCommand() Command { return Command("cm_" + random()) }

// Node answers the node a session lives on.
func (s Session) Node() Node {
	node, _, _ := strings.Cut(string(s), ".")
	return Node(node)
}

// ParseApp accepts [a-z0-9-]{1,32}.
func ParseApp(text string) (App, error) {
	if !isLabel(text) {
		return "", fault.Invalid("app", "1 to 32 of a-z, 0-9 and -")
	}
	return App(text), nil
}

// ParseRoom accepts what NewRoom makes.
func ParseRoom(text string) (Room, error) {
	if !hasForm(text, "rm_") {
		return "", fault.Invalid("room", "rm_ and 20 characters")
	}
	return Room(text), nil
}

// ParseUser accepts what NewUser makes.
func ParseUser(text string) (User, error) {
	if !hasForm(text, "us_") {
		return "", fault.Invalid("user", "us_ and 20 characters")
	}
	return User(text), nil
}

// ParseNode accepts [a-z0-9-]{1,32}.
func ParseNode(text string) (Node, error) {
	if !isLabel(text) {
		return "", fault.Invalid("node", "1 to 32 of a-z, 0-9 and -")
	}
	return Node(text), nil
}

// ParseSession accepts what NewSession makes.
func ParseSession(text string) (Session, error) {
	node, rest, found := strings.Cut(text, ".")
	if !found || !isLabel(node) || !hasForm(rest, "") {
		return "", fault.Invalid("session", "a node, a dot and 20 characters")
	}
	return Session(text), nil
}

// ParseCommand accepts 1 to 64 printable ASCII characters without space.
func ParseCommand(text string) (Command, error) {
	if len(text) == 0 || len(text) > 64 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault.Invalid("command id", "1 to 64 printable ASCII characters")
	}
	return Command(text), nil
}

func random() string {
	var raw [randomLength]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	for i, b := range raw {
		raw[i] = alphabet[b&31]
	}
	return string(raw[:])
}

func hasForm(text, prefix string) bool {
	rest, found := strings.CutPrefix(text, prefix)
	if !found || len(rest) != randomLength {
		return false
	}
	for i := range len(rest) {
		if strings.IndexByte(alphabet, rest[i]) < 0 {
			return false
		}
	}
	return true
}

func isLabel(text string) bool {
	if len(text) == 0 || len(text) > 32 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
