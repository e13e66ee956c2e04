package dynamo

import (
	"fmt"

	"rostrum/internal/dynamo"
	"rostrum/internal/id"
	"rostrum/services/account"
)

// itemOf is how a user is stored. "until" is the exact end, by which readers judge; deletion goes by whole seconds.
func itemOf(u account.User) dynamo.Item {
	item := dynamo.Item{}
	item.SetNumber("version", u.Version)
	item.SetText("name", u.Name)
	item.SetFlag("guest", u.Guest)
	item.SetTime("created", u.Created)
	item.SetTime("until", u.Expires)
	item.SetExpiry(u.Expires)
	devices := make([]dynamo.Item, len(u.Devices))
	for i, d := range u.Devices {
		devices[i] = deviceItem(d)
	}
	item.SetItems("devices", devices)
	return item
}

func deviceItem(d account.Device) dynamo.Item {
	item := dynamo.Item{}
	item.SetText("id", string(d.ID))
	item.SetText("name", d.Name)
	item.SetTime("since", d.Since)
	item.SetTime("until", d.Expires)
	tokens := make([]dynamo.Item, len(d.Tokens))
	for i, t := range d.Tokens {
		tokens[i] = dynamo.Item{}
		tokens[i].SetBytes("sha256", t.SHA256[:])
		tokens[i].SetTime("used", t.Used)
	}
	item.SetItems("tokens", tokens)
	return item
}

func userOf(app id.App, user id.User, item dynamo.Item) (account.User, error) {
	read := dynamo.Read(item)
	u := account.User{
		App: app, ID: user, Name: read.Text("name"), Guest: read.Flag("guest"), Created: read.Time("created"),
		Expires: read.Time("until"), Version: read.Number("version"),
	}
	for _, stored := range read.Items("devices") {
		d, err := deviceOf(stored)
		if err != nil {
			return account.User{}, err
		}
		u.Devices = append(u.Devices, d)
	}
	return u, read.Err()
}

func deviceOf(item dynamo.Item) (account.Device, error) {
	read := dynamo.Read(item)
	d := account.Device{
		ID: account.DeviceID(read.Text("id")), Name: read.Text("name"), Since: read.Time("since"), Expires: read.Time("until"),
	}
	for _, stored := range read.Items("tokens") {
		token := dynamo.Read(stored)
		hash := token.Bytes("sha256")
		if len(hash) != 32 {
			return account.Device{}, fmt.Errorf("a refresh token's hash of %d bytes", len(hash))
		}
		d.Tokens = append(d.Tokens, account.RefreshHash{SHA256: [32]byte(hash), Used: token.Time("used")})
		if err := token.Err(); err != nil {
			return account.Device{}, err
		}
	}
	return d, read.Err()
}
