package bolt

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"rostrum/internal/id"
	"rostrum/services/room"
	"rostrum/services/room/roomstore"
)

// prepare answers what opens a store in a file, and closes it before it is opened again.
func prepare(t *testing.T) func() *Store {
	path := filepath.Join(t.TempDir(), "test.db")
	var db *bbolt.DB
	stop := func() {
		if db == nil {
			return
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return func() *Store {
		t.Helper()
		stop()
		var err error
		if db, err = bbolt.Open(path, 0o600, nil); err != nil {
			t.Fatal(err)
		}
		s, err := New(db)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestContract(t *testing.T) {
	roomstore.Test(t, func(t *testing.T) func() room.Store {
		open := prepare(t)
		return func() room.Store { return open() }
	})
}

func TestExpiredClaimsAreClearedAway(t *testing.T) {
	s, now := prepare(t)(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.db.MaxBatchDelay = 0
	for i := range 40 {
		c := room.Claim{App: id.Main, User: id.NewUser(), Key: id.Command(fmt.Sprint("k", i)), Room: id.NewRoom(), Expires: now.Add(time.Minute)}
		if _, err := s.Claim(t.Context(), c, now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(20 * time.Second)
	}
	s.db.View(func(tx *bbolt.Tx) error {
		claims, index := tx.Bucket(claimsBucket).Stats().KeyN, tx.Bucket(expiryBucket).Stats().KeyN
		if claims > 4 || claims != index {
			t.Errorf("%d claims and %d in their index are left", claims, index)
		}
		return nil
	})
}
