package dynamo

import (
	"context"
	"fmt"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/room"
)

// claimTries bounds how often the claim that stood against ours may be deleted before it is read.
const claimTries = 3

// claimKey ends with the only part that may have a # in it.
func claimKey(c room.Claim) dynamo.Key {
	return dynamo.Key{PK: string(c.App) + "#claim#" + string(c.User) + "#" + string(c.Key)}
}

// Claim keeps a claim unless another of its key is in force at now, and answers the one that is. Fault: unavailable.
func (s *Store) Claim(ctx context.Context, c room.Claim, now time.Time) (room.Claim, error) {
	item, values := dynamo.Item{}, dynamo.Item{}
	item.SetBytes("sum", c.Sum[:])
	item.SetText("room", string(c.Room))
	item.SetTime("until", c.Expires)
	item.SetExpiry(c.Expires)
	values.SetTime("now", now)
	free := dynamo.Holds("attribute_not_exists(#pk) OR #until <= :now", values)
	var lost error
	for range claimTries {
		stands, err := s.db.Put(ctx, dynamo.Rooms, claimKey(c), item, free)
		switch {
		case err == nil:
			return c, nil
		case !fault.Is(err, fault.CodeConflict):
			return room.Claim{}, err
		case stands != nil:
			return claimOf(c, stands)
		}
		lost = err
	}
	return room.Claim{}, fault.Unavailable(lost, "this idempotency key is claimed by too many at once; try again")
}

// claimOf answers a stored claim of the same key as another.
func claimOf(c room.Claim, item dynamo.Item) (room.Claim, error) {
	read := dynamo.Read(item)
	sum := read.Bytes("sum")
	c.Room, c.Expires = id.Room(read.Text("room")), read.Time("until")
	if err := read.Err(); err != nil {
		return room.Claim{}, fmt.Errorf("decode claim: %w", err)
	}
	if len(sum) != len(c.Sum) {
		return room.Claim{}, fmt.Errorf("decode claim: a sum of %d bytes", len(sum))
	}
	copy(c.Sum[:], sum)
	return c, nil
}
