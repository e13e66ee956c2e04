package bolt

import (
	"context"
	"crypto/rand"
	"fmt"

	"go.etcd.io/bbolt"

	"rostrum/internal/id"
)

var keysBucket = []byte("person-keys")

// Keyring keeps the key of each person's personal fields. Keep it in a database of its own where backups are made:
// a key that lives on in a backup of the log has not been destroyed.
type Keyring struct{ db *bbolt.DB }

// NewKeyring makes the keyring in a database that stays the caller's.
func NewKeyring(db *bbolt.DB) (*Keyring, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(keysBucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	return &Keyring{db}, nil
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
	err = k.db.Update(func(tx *bbolt.Tx) error {
		keys, name := tx.Bucket(keysBucket), personKey(app, user)
		if copy(key[:], keys.Get(name)) == len(key) {
			return nil
		}
		rand.Read(key[:]) // never fails (crypto/rand)
		return keys.Put(name, key[:])
	})
	if err != nil {
		return key, fmt.Errorf("make key of %s: %w", user, err)
	}
	return key, nil
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
