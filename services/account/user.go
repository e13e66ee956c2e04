// Package account owns people: guests and users, their devices, and the access tokens that say who they are.
package account

import (
	"time"

	"rostrum/internal/id"
)

// User is a person.
type User struct {
	App     id.App
	ID      id.User
	Name    string
	Guest   bool
	Devices []Device
	Created time.Time
	Expires time.Time // zero: never
	Version uint64    // of the stored row, from 1
}

// Device is what a person uses Rostrum on.
type Device struct {
	Name  string // what it calls itself; may be empty
	Since time.Time
}

// isThere says whether the row counts: stores delete what has expired in their own time.
func (u User) isThere(now time.Time) bool { return u.Expires.IsZero() || now.Before(u.Expires) }
