package bolt

import (
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"rostrum/services/account"
	"rostrum/services/account/accountstore"
)

func TestContract(t *testing.T) {
	accountstore.Test(t, func(t *testing.T) func() account.Store {
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
		return func() account.Store {
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
	})
}
