// Package bolt owns people on a local disk, in bbolt.
package bolt

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/account"
)

var bucket = []byte("accounts")

// Store keeps people in one bucket of a database. Safe for concurrent use.
type Store struct{ db *bbolt.DB }

var _ account.Store = (*Store)(nil)

// New makes a store in a database that stays the caller's and must outlive it.
func New(db *bbolt.DB) (*Store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open account store: %w", err)
	}
	return &Store{db}, nil
}

func key(app id.App, user id.User) []byte { return []byte(string(app) + "#user#" + string(user)) }

// Put writes a user whose version is one above the stored one's. Fault: conflict.
func (s *Store) Put(_ context.Context, u account.User) error {
	encoded, err := json.Marshal(rowOf(u))
	if err != nil {
		return fmt.Errorf("encode user: %w", err)
	}
	return s.db.Batch(func(tx *bbolt.Tx) error {
		var stored row
		if raw := tx.Bucket(bucket).Get(key(u.App, u.ID)); raw != nil {
			if err := json.Unmarshal(raw, &stored); err != nil {
				return fmt.Errorf("decode user: %w", err)
			}
		}
		if stored.Version+1 != u.Version {
			return fault.New(fault.CodeConflict, "another change came first; read again")
		}
		return tx.Bucket(bucket).Put(key(u.App, u.ID), encoded)
	})
}

// Load answers a user. Fault: not_found.
func (s *Store) Load(_ context.Context, app id.App, user id.User) (account.User, error) {
	var r row
	err := s.db.View(func(tx *bbolt.Tx) error {
		raw := tx.Bucket(bucket).Get(key(app, user))
		if raw == nil {
			return fault.New(fault.CodeNotFound, "there is no such person")
		}
		return json.Unmarshal(raw, &r)
	})
	if err != nil {
		return account.User{}, err
	}
	return r.user(app, user)
}
