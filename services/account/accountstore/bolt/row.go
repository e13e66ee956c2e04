package bolt

import (
	"fmt"
	"time"

	"rostrum/internal/id"
	"rostrum/services/account"
)

// row is how a user is stored.
type row struct {
	Version uint64
	Name    string
	Guest   bool     `json:",omitempty"`
	Devices []device `json:",omitempty"`
	Created time.Time
	Expires *time.Time `json:",omitempty"`
}

type device struct {
	ID      string `json:",omitempty"`
	Name    string `json:",omitempty"`
	Since   time.Time
	Tokens  []refreshHash `json:",omitempty"`
	Expires *time.Time    `json:",omitempty"`
}

type refreshHash struct {
	SHA256 []byte
	Used   *time.Time `json:",omitempty"`
}

func rowOf(u account.User) row {
	r := row{Version: u.Version, Name: u.Name, Guest: u.Guest, Created: u.Created, Expires: timeOf(u.Expires)}
	for _, d := range u.Devices {
		stored := device{ID: string(d.ID), Name: d.Name, Since: d.Since, Expires: timeOf(d.Expires)}
		for _, t := range d.Tokens {
			stored.Tokens = append(stored.Tokens, refreshHash{t.SHA256[:], timeOf(t.Used)})
		}
		r.Devices = append(r.Devices, stored)
	}
	return r
}

func (r row) user(app id.App, user id.User) (account.User, error) {
	u := account.User{
		App: app, ID: user, Name: r.Name, Guest: r.Guest, Created: r.Created, Expires: timeAt(r.Expires), Version: r.Version,
	}
	for _, stored := range r.Devices {
		d := account.Device{ID: account.DeviceID(stored.ID), Name: stored.Name, Since: stored.Since, Expires: timeAt(stored.Expires)}
		for _, t := range stored.Tokens {
			if len(t.SHA256) != 32 {
				return account.User{}, fmt.Errorf("decode user: a hash of %d bytes", len(t.SHA256))
			}
			d.Tokens = append(d.Tokens, account.RefreshHash{SHA256: [32]byte(t.SHA256), Used: timeAt(t.Used)})
		}
		u.Devices = append(u.Devices, d)
	}
	return u, nil
}

// timeOf leaves zero times out of rows.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func timeAt(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
