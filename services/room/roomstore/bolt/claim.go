package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"rostrum/internal/id"
	"rostrum/services/room"
)

// sweep is how many expired claims each new one clears away.
const sweep = 16

// claimRow is how a claim is stored.
type claimRow struct {
	Sum     []byte
	Room    id.Room
	Expires time.Time
}

func claimKey(c room.Claim) []byte {
	return []byte(string(c.App) + "#" + string(c.User) + "#" + string(c.Key))
}

// expiryKey sorts claims by when they expire.
func expiryKey(expires time.Time, claim []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(expires.UnixNano())), claim...)
}

// Claim keeps a claim unless another of its key is in force at now, and answers the one that is.
func (s *Store) Claim(_ context.Context, c room.Claim, now time.Time) (room.Claim, error) {
	encoded, err := json.Marshal(claimRow{Sum: c.Sum[:], Room: c.Room, Expires: c.Expires})
	if err != nil {
		return room.Claim{}, fmt.Errorf("encode claim: %w", err)
	}
	inForce := c
	err = s.db.Batch(func(tx *bbolt.Tx) error {
		inForce = c // a batch may run its functions again
		claims, expiry, key := tx.Bucket(claimsBucket), tx.Bucket(expiryBucket), claimKey(c)
		if raw := claims.Get(key); raw != nil {
			var stored claimRow
			if err := json.Unmarshal(raw, &stored); err != nil {
				return fmt.Errorf("decode claim: %w", err)
			}
			if now.Before(stored.Expires) {
				copy(inForce.Sum[:], stored.Sum)
				inForce.Room, inForce.Expires = stored.Room, stored.Expires
				return nil
			}
			if err := expiry.Delete(expiryKey(stored.Expires, key)); err != nil {
				return err
			}
		}
		if err := sweepClaims(claims, expiry, now); err != nil {
			return err
		}
		if err := expiry.Put(expiryKey(c.Expires, key), nil); err != nil {
			return err
		}
		return claims.Put(key, encoded)
	})
	return inForce, err
}

// sweepClaims deletes some claims that have expired.
func sweepClaims(claims, expiry *bbolt.Bucket, now time.Time) error {
	var old [][]byte
	index := expiry.Cursor()
	for key, _ := index.First(); key != nil && len(old) < sweep; key, _ = index.Next() {
		if int64(binary.BigEndian.Uint64(key)) > now.UnixNano() {
			break
		}
		old = append(old, key)
	}
	for _, key := range old {
		if err := claims.Delete(key[8:]); err != nil {
			return err
		}
		if err := expiry.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
