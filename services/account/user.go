// Package account owns people: guests and users, their devices, and the tokens that say who they are.
package account

import (
	"slices"
	"time"

	"rostrum/internal/id"
	"rostrum/internal/token"
)

// User is a person.
type User struct {
	App     id.App
	ID      id.User
	Name    string
	Guest   bool
	Devices []Device // at most maxDevices, oldest first
	Created time.Time
	Expires time.Time // zero: never
	Version uint64    // of the stored row, from 1
}

// isThere says whether the row counts. It outlives its end: DynamoDB deletes it by TTL, in its own time; bbolt never does.
func (u User) isThere(now time.Time) bool { return u.Expires.IsZero() || now.Before(u.Expires) }

// access is what an access token says of a person.
func (u User) access(now time.Time) token.Access {
	return token.Access{
		App: u.App, User: u.ID, Name: u.Name, Guest: u.Guest, Issued: now, Expires: now.Add(token.GuestLifetime),
	}
}

func (u User) device(known DeviceID) (Device, bool) {
	i := slices.IndexFunc(u.Devices, func(d Device) bool { return d.ID == known })
	if i < 0 || known == "" {
		return Device{}, false
	}
	return u.Devices[i], true
}

// with adds a device or replaces it. Where there are too many the oldest end.
func (u User) with(device Device) User {
	devices := slices.Clone(u.Devices)
	if i := slices.IndexFunc(devices, func(d Device) bool { return d.ID == device.ID }); i >= 0 {
		devices[i] = device
	} else {
		devices = append(devices, device)
	}
	u.Devices = devices[max(0, len(devices)-maxDevices):]
	return u
}

// without ends a device: none of its refresh tokens is good any more.
func (u User) without(ended DeviceID) User {
	u.Devices = slices.DeleteFunc(slices.Clone(u.Devices), func(d Device) bool { return d.ID == ended })
	return u
}
