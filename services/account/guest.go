package account

import (
	"time"

	"rostrum/internal/id"
	"rostrum/internal/text"
)

const (
	maxName   = 40 // graphemes
	maxDevice = 80
	// guestKept is how long a guest is known since the last refresh: somebody who hosted a room yesterday still has a name
	// in it today.
	guestKept = refreshLifetime
)

// NewGuest asks for a person without a password.
type NewGuest struct {
	App    id.App
	Name   string
	Device string
}

// guest decides who a new guest is, yet without a refresh token.
func (g NewGuest) guest(user id.User, device DeviceID, now time.Time) (User, error) {
	name, err := text.Line("name", g.Name, 1, maxName)
	if err != nil {
		return User{}, err
	}
	called, err := text.Line("device", g.Device, 0, maxDevice)
	if err != nil {
		return User{}, err
	}
	made := User{App: g.App, ID: user, Name: name, Guest: true, Created: now, Version: 1}
	return made.with(Device{ID: device, Name: called, Since: now}), nil
}

// used says that a person was here. Guests are kept from their last use on.
func (u User) used(now time.Time) User {
	if u.Guest {
		u.Expires = now.Add(guestKept)
	}
	return u
}
