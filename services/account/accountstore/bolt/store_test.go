package bolt

import (
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"rostrum/services/account"
	"rostrum/services/account/accountstore"
)

func TestContract(t *testing.T) {
	accountstore.Test(t, func(t *testing.T) account.Store {
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "test.db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		s, err := New(db)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
