package room

import (
	"crypto/sha256"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// claimKept is how long an idempotency key is remembered.
const claimKept = 10 * time.Minute

// Claim ties an idempotency key of a person to one request and the room made for it. The first claim of a key holds
// until it expires.
type Claim struct {
	App     id.App
	User    id.User
	Key     id.Command
	Sum     [sha256.Size]byte // of the request
	Room    id.Room
	Expires time.Time
}

// answers says whether a claim in force is of the same request as another.
func (c Claim) answers(other Claim) error {
	if c.Sum != other.Sum {
		return fault.New(fault.CodeIdempotencyMismatch, "this idempotency key was used with another request")
	}
	return nil
}
