// Package dynamo owns the catalogue of rooms in DynamoDB.
package dynamo

import (
	"context"
	"fmt"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/room"
)

// Store keeps rooms in the table of rooms. Safe for concurrent use, also from many processes.
type Store struct{ db *dynamo.DB }

var _ room.Store = (*Store)(nil)

// New makes a store in a database that stays the caller's and must outlive it.
func New(db *dynamo.DB) *Store { return &Store{db} }

func roomKey(app id.App, r id.Room) dynamo.Key { return dynamo.Key{PK: string(app) + "#" + string(r)} }

// Put writes a room whose version is one above the stored one's. Faults: conflict, unavailable.
func (s *Store) Put(ctx context.Context, r room.Room) error {
	_, err := s.db.Put(ctx, dynamo.Rooms, roomKey(r.App, r.ID), itemOf(r), dynamo.VersionBefore(r.Version))
	return err
}

// Load answers a room. Faults: not_found, unavailable.
func (s *Store) Load(ctx context.Context, app id.App, roomID id.Room) (room.Room, error) {
	item, err := s.db.Load(ctx, dynamo.Rooms, roomKey(app, roomID))
	if fault.Is(err, fault.CodeNotFound) {
		return room.Room{}, fault.New(fault.CodeNotFound, "there is no such room")
	}
	if err != nil {
		return room.Room{}, err
	}
	r, err := roomOf(item)
	if err != nil {
		return room.Room{}, fmt.Errorf("decode room %s: %w", roomID, err)
	}
	return r, nil
}
