package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	keyAttribute     = "key"
	versionAttribute = "version"
	keyRaces         = 8 // others who change the same key at the same moment
)

// KeyringConfig is where keys are. DB is needed and stays the caller's.
type KeyringConfig struct {
	DB *dynamo.DB
}

// Validate says what is missing.
func (c KeyringConfig) Validate() error {
	if c.DB == nil {
		return errors.New("keyring: DB is missing")
	}
	return nil
}

// Keyring keeps the key of each person's personal fields, in another table than the logs: a key that lives on in a
// backup beside them has not been destroyed. It remembers nothing; each answer is the newest.
type Keyring struct{ db *dynamo.DB }

// NewKeyring makes a keyring. It calls nobody.
func NewKeyring(config KeyringConfig) (*Keyring, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return &Keyring{config.DB}, nil
}

// storedKey is a person's key as it stands. A key is never written over: it is made where there is none, and destroyed by
// an item without it in its place. That item stays, with a version that rises, so that a write that was long under way
// cannot bring the destroyed key back.
type storedKey struct {
	version uint64 // 0: never made
	key     [32]byte
	found   bool
}

// Key answers a person's key; false where it was never made or is destroyed. Fault: unavailable.
func (k *Keyring) Key(ctx context.Context, app id.App, user id.User) ([32]byte, bool, error) {
	s, err := k.load(ctx, personKey(app, user))
	if err != nil {
		return [32]byte{}, false, fmt.Errorf("read key of %s: %w", user, err)
	}
	return s.key, s.found, nil
}

// MakeKey answers a person's key. Where there is none it makes one, which is stored when MakeKey returns. Faults:
// unavailable; conflict where the key is made and destroyed all the time.
func (k *Keyring) MakeKey(ctx context.Context, app id.App, user id.User) ([32]byte, error) {
	s, err := k.change(ctx, personKey(app, user), func(s storedKey) (storedKey, bool) {
		if s.found {
			return s, false
		}
		made := storedKey{version: s.version + 1, found: true}
		rand.Read(made.key[:]) // never fails (crypto/rand)
		return made, true
	})
	if err != nil {
		return [32]byte{}, fmt.Errorf("make key of %s: %w", user, err)
	}
	return s.key, nil
}

// DestroyKey makes everything that was sealed under a person's key unreadable. Faults as MakeKey's.
func (k *Keyring) DestroyKey(ctx context.Context, app id.App, user id.User) error {
	_, err := k.change(ctx, personKey(app, user), func(s storedKey) (storedKey, bool) {
		return storedKey{version: s.version + 1}, s.found
	})
	if err != nil {
		return fmt.Errorf("destroy key of %s: %w", user, err)
	}
	return nil
}

// change puts what follows in place of what is stored, if anything does, and answers what is stored then.
func (k *Keyring) change(ctx context.Context, name string, next func(storedKey) (storedKey, bool)) (storedKey, error) {
	s, err := k.load(ctx, name)
	for range keyRaces {
		if err != nil {
			return storedKey{}, err
		}
		follows, changes := next(s)
		if !changes {
			return s, nil
		}
		item := dynamo.Item{}
		item.SetNumber(versionAttribute, follows.version)
		if follows.found {
			item.SetBytes(keyAttribute, follows.key[:])
		}
		stands, err := k.db.Put(ctx, dynamo.Accounts, dynamo.Key{PK: name}, item, dynamo.VersionBefore(follows.version))
		switch {
		case err == nil:
			return follows, nil
		case !fault.Is(err, fault.CodeConflict):
			return storedKey{}, err
		}
		if s, err = readKey(stands); err != nil {
			return storedKey{}, err
		}
	}
	return storedKey{}, fault.New(fault.CodeConflict, "the key changes too fast; try again")
}

func (k *Keyring) load(ctx context.Context, name string) (storedKey, error) {
	item, err := k.db.Load(ctx, dynamo.Accounts, dynamo.Key{PK: name})
	if fault.Is(err, fault.CodeNotFound) {
		return storedKey{}, nil
	}
	if err != nil {
		return storedKey{}, err
	}
	return readKey(item)
}

func readKey(item dynamo.Item) (storedKey, error) {
	fields := dynamo.Read(item)
	s, key := storedKey{version: fields.Number(versionAttribute)}, fields.Bytes(keyAttribute)
	s.found = copy(s.key[:], key) == len(s.key)
	if fields.Err() != nil || len(key) != 0 && len(key) != len(s.key) || len(item) > 0 && s.version == 0 {
		return storedKey{}, errors.Join(fmt.Errorf("%w: a key of %d bytes", errMalformed, len(key)), fields.Err())
	}
	return s, nil
}

func personKey(app id.App, user id.User) string { return string(app) + "#personkey#" + string(user) }
