// Package nodestore owns the registry of nodes and programs as leases in Redis.
package nodestore

import (
	"github.com/redis/go-redis/v9"

	"rostrum/internal/lease"
	"rostrum/services/signaling"
)

// Store is the registry. Safe for concurrent use.
type Store struct {
	redis  redis.UniversalClient
	leases *lease.Store
	touch  *redis.Script
}

var _ signaling.Store = (*Store)(nil)

// New makes a registry on a client, which stays the caller's to close.
func New(client redis.UniversalClient) *Store {
	return &Store{redis: client, leases: lease.New(client), touch: redis.NewScript(touchSource)}
}
