package bolt

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"

	"rostrum/internal/id"
)

var keysBucket = []byte("person-keys")

// makesMost bounds the keys that are made in one transaction.
const makesMost = 1024

// Keyring keeps the key of each person's personal fields. Keep it in a database of its own where backups are made:
// a key that lives on in a backup of the log has not been destroyed. Keys that are wanted together share one
// transaction and so one fsync.
type Keyring struct {
	db      *bbolt.DB
	writing sync.Mutex // held by the making that writes; those who come meanwhile gather in next

	mu   sync.Mutex
	next *making // takes names; nil: the first who comes makes one
}

// making is keys that are made in one transaction.
type making struct {
	once  sync.Once
	names []string
	keys  map[string][32]byte // like err, written in once
	err   error
}

// NewKeyring makes the keyring in a database that stays the caller's.
func NewKeyring(db *bbolt.DB) (*Keyring, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(keysBucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	return &Keyring{db: db}, nil
}

// Key answers a person's key; false where it was never made or is destroyed.
func (k *Keyring) Key(_ context.Context, app id.App, user id.User) (key [32]byte, found bool, err error) {
	err = k.db.View(func(tx *bbolt.Tx) error {
		found = copy(key[:], tx.Bucket(keysBucket).Get(personKey(app, user))) == len(key)
		return nil
	})
	if err != nil {
		return key, false, fmt.Errorf("read key of %s: %w", user, err)
	}
	return key, found, nil
}

// MakeKey answers a person's key. Where there is none it makes one, which is on disk when MakeKey returns.
func (k *Keyring) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	key, found, err := k.Key(ctx, app, user)
	if err != nil || found {
		return key, err
	}
	name := string(personKey(app, user))
	m := k.join(name)
	m.once.Do(func() { k.write(m) })
	if m.err != nil {
		return key, fmt.Errorf("make key of %s: %w", user, m.err)
	}
	return m.keys[name], nil
}

// join adds a name to the making that comes next.
func (k *Keyring) join(name string) *making {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next == nil || len(k.next.names) >= makesMost {
		k.next = new(making)
	}
	k.next.names = append(k.next.names, name)
	return k.next
}

// write makes the keys that were not made meanwhile.
func (k *Keyring) write(m *making) {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	if k.next == m {
		k.next = nil
	}
	k.mu.Unlock()
	m.keys = make(map[string][32]byte, len(m.names))
	m.err = k.db.Update(func(tx *bbolt.Tx) error {
		keys := tx.Bucket(keysBucket)
		for _, name := range m.names {
			var key [32]byte
			if copy(key[:], keys.Get([]byte(name))) != len(key) {
				rand.Read(key[:]) // never fails (crypto/rand)
				if err := keys.Put([]byte(name), key[:]); err != nil {
					return err
				}
			}
			m.keys[name] = key
		}
		return nil
	})
}

// DestroyKey makes everything that was sealed under a person's key unreadable. bbolt reuses the pages that held it; it
// does not overwrite them at once.
func (k *Keyring) DestroyKey(_ context.Context, app id.App, user id.User) error {
	err := k.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(keysBucket).Delete(personKey(app, user)) })
	if err != nil {
		return fmt.Errorf("destroy key of %s: %w", user, err)
	}
	return nil
}

func personKey(app id.App, user id.User) []byte { return []byte(string(app) + ":" + string(user)) }
