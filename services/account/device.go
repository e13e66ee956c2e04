package account

import (
	"slices"
	"time"
)

const (
	// maxDevices bounds a user's row.
	maxDevices = 10
	// maxFresh bounds the answers to one refresh token within its grace, and with them a device.
	maxFresh = 8
	// refreshLifetime is how long a device is known without being used.
	refreshLifetime = 30 * 24 * time.Hour
	// refreshGrace is how long a used refresh token is good again: its answer may have been lost.
	refreshGrace = time.Minute
)

// DeviceID names a device among a user's.
type DeviceID string

// Device is what a person uses Rostrum on.
type Device struct {
	ID    DeviceID
	Name  string // what it calls itself; may be empty
	Since time.Time
	// Tokens are the refresh tokens that are good: first the ones used last, then those that are not used yet. Of several
	// answers to one token nobody knows which one arrived.
	Tokens  []RefreshHash
	Expires time.Time // of all of them
}

// RefreshHash is what is kept of a refresh token.
type RefreshHash struct {
	SHA256 [32]byte
	Used   time.Time // zero: not yet
}

func (d Device) isThere(now time.Time) bool { return now.Before(d.Expires) }

// issued adds a token that lasts refreshLifetime, and the device with it.
func (d Device) issued(hash [32]byte, now time.Time) Device {
	isFresh := func(t RefreshHash) bool { return t.Used.IsZero() }
	first := slices.IndexFunc(d.Tokens, isFresh)
	d.Tokens = append(slices.Clone(d.Tokens), RefreshHash{SHA256: hash})
	if first >= 0 && len(d.Tokens)-first > maxFresh {
		d.Tokens = slices.Delete(d.Tokens, first, first+1) // whoever repeats a call lost the oldest answer first
	}
	d.Expires = now.Add(refreshLifetime)
	return d
}

// rotated takes a token in exchange for the next one. A fresh token makes all others of its kind used; a token that was
// used a moment ago is answered again. False: the token is an older one or none of ours.
func (d Device) rotated(used, next [32]byte, now time.Time) (Device, bool) {
	i := slices.IndexFunc(d.Tokens, func(t RefreshHash) bool { return t.SHA256 == used })
	switch {
	case i < 0:
		return Device{}, false
	case d.Tokens[i].Used.IsZero():
		var tokens []RefreshHash
		for _, t := range d.Tokens {
			if t.Used.IsZero() {
				tokens = append(tokens, RefreshHash{t.SHA256, now})
			}
		}
		d.Tokens = tokens
	case !now.Before(d.Tokens[i].Used.Add(refreshGrace)):
		return Device{}, false
	}
	return d.issued(next, now), true
}
