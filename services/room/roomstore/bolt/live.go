package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"rostrum/internal/id"
	"rostrum/services/room"
)

func livePrefix(app id.App) []byte { return []byte(string(app) + "#") }

// liveKey sorts the newest start first.
func liveKey(app id.App, started time.Time, roomID id.Room) []byte {
	key := binary.BigEndian.AppendUint64(livePrefix(app), ^uint64(started.UnixNano()))
	return append(key, roomID...)
}

// reindex moves a room in the index of live ones.
func reindex(tx *bbolt.Tx, before, after room.Room) error {
	live := tx.Bucket(liveBucket)
	if before.State == room.StateLive {
		if err := live.Delete(liveKey(before.App, before.Started, before.ID)); err != nil {
			return err
		}
	}
	if after.State == room.StateLive {
		return live.Put(liveKey(after.App, after.Started, after.ID), nil)
	}
	return nil
}

// Live answers at most limit live rooms after a place, newest start first.
func (s *Store) Live(_ context.Context, app id.App, after room.Place, limit int) ([]room.Room, error) {
	var rooms []room.Room
	err := s.db.View(func(tx *bbolt.Tx) error {
		prefix := livePrefix(app)
		from := prefix
		if after != (room.Place{}) {
			from = liveKey(app, after.Started, after.Room)
		}
		index := tx.Bucket(liveBucket).Cursor()
		for key, _ := index.Seek(from); bytes.HasPrefix(key, prefix) && len(rooms) < limit; key, _ = index.Next() {
			if after != (room.Place{}) && bytes.Equal(key, from) {
				continue
			}
			roomID := id.Room(key[len(prefix)+8:])
			r, found, err := find(tx, app, roomID)
			if err != nil {
				return err
			}
			if !found {
				return fmt.Errorf("the index names room %s, which is not there", roomID)
			}
			rooms = append(rooms, r)
		}
		return nil
	})
	return rooms, err
}
