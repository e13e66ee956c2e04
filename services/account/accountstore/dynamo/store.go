// Package dynamo owns people in DynamoDB.
package dynamo

import (
	"context"
	"fmt"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/account"
)

// Store keeps each person, with devices and refresh tokens, as one item of the table of accounts. Safe for concurrent
// use, also from many processes.
type Store struct{ db *dynamo.DB }

var _ account.Store = (*Store)(nil)

// New makes a store in a database that stays the caller's and must outlive it.
func New(db *dynamo.DB) *Store { return &Store{db} }

func key(app id.App, user id.User) dynamo.Key {
	return dynamo.Key{PK: string(app) + "#user#" + string(user)}
}

// Put writes a user whose version is one above the stored one's. Faults: conflict, unavailable.
func (s *Store) Put(ctx context.Context, u account.User) error {
	_, err := s.db.Put(ctx, dynamo.Accounts, key(u.App, u.ID), itemOf(u), dynamo.VersionBefore(u.Version))
	return err
}

// Load answers a user. Faults: not_found, unavailable.
func (s *Store) Load(ctx context.Context, app id.App, user id.User) (account.User, error) {
	item, err := s.db.Load(ctx, dynamo.Accounts, key(app, user))
	if fault.Is(err, fault.CodeNotFound) {
		return account.User{}, fault.New(fault.CodeNotFound, "there is no such person")
	}
	if err != nil {
		return account.User{}, err
	}
	u, err := userOf(app, user, item)
	if err != nil {
		return account.User{}, fmt.Errorf("decode user %s: %w", user, err)
	}
	return u, nil
}
