package api

import (
	"context"
	"net/http"
	"time"
)

// Guest is a person without a password.
type Guest struct {
	User        User      `json:"user"`
	AccessToken string    `json:"access_token"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// User is a person.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Guest bool   `json:"guest"`
}

// Guest makes a guest, and from then on calls as that person. It is not repeated: each try would be another person.
func (c *Client) Guest(ctx context.Context, name string) (Guest, error) {
	body := struct {
		Name string `json:"name"`
	}{name}
	guest, err := exchange[Guest](ctx, c, call{method: http.MethodPost, path: "/v1/guests", body: body})
	if err == nil {
		c.token.Store(&guest.AccessToken)
	}
	return guest, err
}
