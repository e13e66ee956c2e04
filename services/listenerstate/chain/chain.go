// Package chain owns the stored form of a stage log: whose it is, where an event stands in it, its bytes, and the hash
// that ties the next event to it.
package chain

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"rostrum/internal/id"
)

// Key names one stage log.
type Key struct {
	App  id.App
	Room id.Room
}

func (k Key) String() string { return string(k.App) + ":" + string(k.Room) }

// ParseKey reads what String writes.
func ParseKey(text string) (Key, error) {
	appText, roomText, _ := strings.Cut(text, ":")
	app, err := id.ParseApp(appText)
	if err != nil {
		return Key{}, err
	}
	room, err := id.ParseRoom(roomText)
	if err != nil {
		return Key{}, err
	}
	return Key{app, room}, nil
}

// Position is a place in a stage log. Offsets start at 1 and rise by one, over terms too: a term is one life of the log
// in the fast store, and a repair starts the next.
type Position struct{ Term, Offset uint64 }

// Before says whether p comes before q: every offset of a lower term does.
func (p Position) Before(q Position) bool {
	return p.Term < q.Term || p.Term == q.Term && p.Offset < q.Offset
}

// Covers says whether what holds up to p holds at q too: p is in the same term, and not before q.
func (p Position) Covers(q Position) bool { return p.Term == q.Term && p.Offset >= q.Offset }

func (p Position) String() string {
	return strconv.FormatUint(p.Term, 10) + "-" + strconv.FormatUint(p.Offset, 10)
}

// ParsePosition reads what String writes.
func ParsePosition(text string) (Position, error) {
	termText, offsetText, _ := strings.Cut(text, "-")
	term, err := strconv.ParseUint(termText, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("parse term: %w", err)
	}
	offset, err := strconv.ParseUint(offsetText, 10, 64)
	if err != nil {
		return Position{}, fmt.Errorf("parse offset: %w", err)
	}
	return Position{term, offset}, nil
}

// Hash is the SHA-256 of an event's stored bytes.
type Hash [sha256.Size]byte

// Sum answers the hash of stored bytes.
func Sum(stored []byte) Hash { return sha256.Sum256(stored) }

// Head is the newest event of a log. The zero head is that of a log without events.
type Head struct {
	Position
	Hash Hash
}

// Record is an event as it is stored.
type Record struct {
	Position
	// Payload is the hash of the command that caused the event, to know a command id that is used again for another.
	Payload Hash
	Bytes   []byte
}

// Head answers the head of a log that ends in r.
func (r Record) Head() Head { return Head{r.Position, Sum(r.Bytes)} }
