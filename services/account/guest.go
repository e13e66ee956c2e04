package account

import (
	"time"

	"rostrum/internal/id"
	"rostrum/internal/text"
	"rostrum/internal/token"
)

const (
	maxName   = 40 // graphemes
	maxDevice = 80
	// guestKept is how long a guest is known: somebody who hosted a room yesterday still has a name in it today.
	guestKept = 30 * 24 * time.Hour
)

// NewGuest asks for a person without a password.
type NewGuest struct {
	App    id.App
	Name   string
	Device string
}

// guest decides who a new guest is.
func (g NewGuest) guest(user id.User, now time.Time) (User, error) {
	name, err := text.Line("name", g.Name, 1, maxName)
	if err != nil {
		return User{}, err
	}
	device, err := text.Line("device", g.Device, 0, maxDevice)
	if err != nil {
		return User{}, err
	}
	return User{
		App: g.App, ID: user, Name: name, Guest: true, Devices: []Device{{Name: device, Since: now}},
		Created: now, Expires: now.Add(guestKept), Version: 1,
	}, nil
}

// access is what a guest's token says.
func (u User) access(now time.Time) token.Access {
	return token.Access{
		App: u.App, User: u.ID, Name: u.Name, Guest: u.Guest, Issued: now, Expires: now.Add(token.GuestLifetime),
	}
}
