package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

func openDB(t testing.TB, path string) *bbolt.DB {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openArchive(t testing.TB, db *bbolt.DB) *Archive {
	t.Helper()
	a, err := NewArchive(db, Config{Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func newArchive(t testing.TB) *Archive {
	return openArchive(t, openDB(t, filepath.Join(t.TempDir(), "archive.db")))
}

func newKey() chain.Key { return chain.Key{App: id.Main, Room: id.NewRoom()} }

func (a *Archive) put(key chain.Key, after chain.Head, records []chain.Record) error {
	return a.Append(key, after, records, nil).Wait(context.Background())
}

func TestContract(t *testing.T) {
	stagearchive.Test(t, func(t *testing.T) func() stagearchive.Archive {
		db := openDB(t, filepath.Join(t.TempDir(), "archive.db"))
		return func() stagearchive.Archive { return openArchive(t, db) }
	})
}

func TestKeyringContract(t *testing.T) {
	stagearchive.TestKeyring(t, func(t *testing.T) func() stagearchive.Keyring {
		db := openDB(t, filepath.Join(t.TempDir(), "keys.db"))
		return func() stagearchive.Keyring {
			ring, err := NewKeyring(db)
			if err != nil {
				t.Fatal(err)
			}
			return ring
		}
	})
}

func TestWhatIsFinishedIsOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive.db")
	db := openDB(t, path)
	a, key := openArchive(t, db), newKey()
	all := stagearchive.Records(chain.Head{}, 5)
	if err := a.put(key, chain.Head{}, all[:3]); err != nil {
		t.Fatal(err)
	}
	write := a.Append(key, all[2].Head(), all[3:], []byte("snapshot"))
	a.Close() // finishes what waits
	if err := write.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := a.put(key, all[4].Head(), stagearchive.Records(all[4].Head(), 1)); !errors.Is(err, chain.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	db.Close()

	a = openArchive(t, openDB(t, path))
	head, snapshot, err := a.Load(context.Background(), key)
	if err != nil || head != all[4].Head() || string(snapshot) != "snapshot" {
		t.Errorf("opened again: %+v, %q, %v", head, snapshot, err)
	}
	got, err := a.Read(context.Background(), key, 2, 3)
	if err != nil || len(got) != 3 {
		t.Fatalf("read %d records, %v", len(got), err)
	}
	for i, record := range got {
		if want := all[i+1]; record.Position != want.Position || record.Payload != want.Payload || !bytes.Equal(record.Bytes, want.Bytes) {
			t.Errorf("%+v, want %+v", record, want)
		}
	}
}

func TestAppendsShareTransactions(t *testing.T) {
	a := newArchive(t)
	before := a.db.Stats()
	var writes []*chain.Write
	const logs = 200
	for range logs {
		writes = append(writes, a.Append(newKey(), chain.Head{}, stagearchive.Records(chain.Head{}, 1), nil))
	}
	for _, write := range writes {
		if err := write.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	after := a.db.Stats()
	// A transaction of its own writes the meta page and a few others.
	if pages := after.TxStats.GetWrite() - before.TxStats.GetWrite(); pages >= 2*logs {
		t.Errorf("%d pages were written for %d appends", pages, logs)
	}
}

func TestKeysMadeTogetherShareTransactions(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "keys.db"))
	ring, err := NewKeyring(db)
	if err != nil {
		t.Fatal(err)
	}
	const people, askers = 300, 3
	ctx, before := context.Background(), db.Stats()
	var users []id.User
	for range people {
		users = append(users, id.NewUser())
	}
	keys := make([][people][32]byte, askers)
	ring.writing.Lock() // a transaction is under way while they come
	var all sync.WaitGroup
	for i := range people * askers {
		all.Go(func() {
			key, err := ring.MakeKey(ctx, id.Main, users[i%people])
			if err != nil {
				t.Error(err)
			}
			keys[i/people][i%people] = key
		})
	}
	testkit.Eventually(t, time.Minute, func() error {
		ring.mu.Lock()
		defer ring.mu.Unlock()
		if ring.next == nil || len(ring.next.names) < people*askers {
			return errors.New("not all wait")
		}
		return nil
	})
	ring.writing.Unlock()
	all.Wait()
	if keys[0] != keys[1] || keys[0] != keys[2] {
		t.Error("the same person got different keys")
	}
	distinct := make(map[[32]byte]bool)
	for i, user := range users {
		distinct[keys[0][i]] = true
		if held, found, err := ring.Key(ctx, id.Main, user); err != nil || !found || held != keys[0][i] {
			t.Fatalf("the key of %s is not the one that was given: %v, %v", user, found, err)
		}
	}
	// A transaction of its own writes the meta page and a few others.
	after := db.Stats()
	if pages := after.TxStats.GetWrite() - before.TxStats.GetWrite(); len(distinct) != people || pages >= people {
		t.Errorf("%d keys for %d people, in %d pages", len(distinct), people, pages)
	}
}

// BenchmarkKey is what every command with a name pays for a person who has a key.
func BenchmarkKey(b *testing.B) {
	ring, err := NewKeyring(openDB(b, filepath.Join(b.TempDir(), "keys.db")))
	if err != nil {
		b.Fatal(err)
	}
	var users []id.User
	for range 1000 {
		users = append(users, id.NewUser())
	}
	var all sync.WaitGroup
	for _, user := range users {
		all.Go(func() { _, _ = ring.MakeKey(context.Background(), id.Main, user) })
	}
	all.Wait()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := ring.MakeKey(context.Background(), id.Main, users[i%len(users)]); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzStoredForms(f *testing.F) {
	f.Add(offsetKey(7), encodeRecord(stagearchive.Records(chain.Head{}, 1)[0]))
	f.Add([]byte{}, encodeHead(stagearchive.Records(chain.Head{}, 1)[0].Head()))
	f.Fuzz(func(t *testing.T, key, stored []byte) {
		if record, err := decodeRecord(key, stored); err == nil && !bytes.Equal(encodeRecord(record), stored) {
			t.Fatalf("%+v", record)
		}
		if head, err := decodeHead(stored); err == nil && !bytes.Equal(encodeHead(head), stored) {
			t.Fatalf("%+v", head)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, together := range []int{1, 64} {
		b.Run(fmt.Sprint("together-", together), func(b *testing.B) {
			a := newArchive(b)
			b.ReportAllocs()
			b.SetParallelism(together)
			b.RunParallel(func(pb *testing.PB) {
				key, head := newKey(), chain.Head{}
				for pb.Next() {
					added := stagearchive.Records(head, 1)
					if err := a.put(key, head, added); err != nil {
						b.Error(err)
						return
					}
					head = added[0].Head()
				}
			})
		})
	}
}
