// Package bolt owns the catalogue of rooms on a local disk, in bbolt.
package bolt

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/room"
)

var (
	roomsBucket  = []byte("rooms")
	liveBucket   = []byte("rooms-live")   // index: live rooms of an app, newest start first
	claimsBucket = []byte("rooms-claims") // idempotency keys
	expiryBucket = []byte("rooms-expiry") // index: claims by when they expire
)

// Store keeps rooms in a database. Safe for concurrent use.
type Store struct{ db *bbolt.DB }

var _ room.Store = (*Store)(nil)

// New makes a store in a database that stays the caller's and must outlive it.
func New(db *bbolt.DB) (*Store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{roomsBucket, liveBucket, claimsBucket, expiryBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open room store: %w", err)
	}
	return &Store{db}, nil
}

func roomKey(app id.App, r id.Room) []byte { return []byte(string(app) + "#room#" + string(r)) }

// Put writes a room whose version is one above the stored one's. Fault: conflict.
func (s *Store) Put(_ context.Context, r room.Room) error {
	encoded, err := json.Marshal(rowOf(r))
	if err != nil {
		return fmt.Errorf("encode room: %w", err)
	}
	return s.db.Batch(func(tx *bbolt.Tx) error {
		before, _, err := find(tx, r.App, r.ID)
		if err != nil {
			return err
		}
		if before.Version+1 != r.Version {
			return fault.New(fault.CodeConflict, "another change came first; read again")
		}
		if err := reindex(tx, before, r); err != nil {
			return err
		}
		return tx.Bucket(roomsBucket).Put(roomKey(r.App, r.ID), encoded)
	})
}

// Load answers a room. Fault: not_found.
func (s *Store) Load(_ context.Context, app id.App, roomID id.Room) (room.Room, error) {
	var r room.Room
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		var found bool
		if r, found, err = find(tx, app, roomID); err == nil && !found {
			err = fault.New(fault.CodeNotFound, "there is no such room")
		}
		return err
	})
	return r, err
}

// find answers a room within a transaction; the zero Room where there is none.
func find(tx *bbolt.Tx, app id.App, roomID id.Room) (room.Room, bool, error) {
	raw := tx.Bucket(roomsBucket).Get(roomKey(app, roomID))
	if raw == nil {
		return room.Room{}, false, nil
	}
	var stored row
	if err := json.Unmarshal(raw, &stored); err != nil {
		return room.Room{}, false, fmt.Errorf("decode room %s: %w", roomID, err)
	}
	return stored.room(app, roomID), true, nil
}
