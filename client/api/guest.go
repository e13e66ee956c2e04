package api

import (
	"context"
	"net/http"
)

// User is a person.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Guest bool   `json:"guest"` // without a password
}

// Guest makes a guest, and from then on calls as that person. It is not repeated: each try would be another person.
func (c *Client) Guest(ctx context.Context, name string) (Tokens, error) {
	body := struct {
		Name string `json:"name"`
	}{name}
	tokens, err := exchange[Tokens](ctx, c, call{method: http.MethodPost, path: "/v1/guests", body: body, anonymous: true})
	if err == nil {
		c.take(tokens)
	}
	return tokens, err
}
