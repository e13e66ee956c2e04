package api

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Invite asks a person on stage and keeps a seat free for the answer: for 5 to 600 s in whole seconds, 0 is 60 s. Again, it
// renews the time. For the host and moderators. Codes: "already_seated", "stage_full".
func (c *Client) Invite(ctx context.Context, room, user string, lasts time.Duration) (Done, error) {
	body := struct {
		ExpiresIn int `json:"expires_in,omitempty"`
	}{int(lasts / time.Second)}
	return c.put(ctx, http.MethodPost, stagePath(room, user, "invite"), body)
}

// Withdraw takes an invite back. For the host and moderators.
func (c *Client) Withdraw(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "withdraw")
}

// Accept takes the seat that one was invited to; Grants then says where to send the microphone. Codes: "invite_expired",
// "not_invited".
func (c *Client) Accept(ctx context.Context, room string, muted bool) (Done, error) {
	body := struct {
		Muted bool `json:"muted,omitempty"`
	}{muted}
	return c.put(ctx, http.MethodPost, stagePath(room, Me, "accept"), body)
}

// Decline refuses the seat that one was invited to. Codes: "invite_expired", "not_invited".
func (c *Client) Decline(ctx context.Context, room string) (Done, error) {
	return c.command(ctx, room, Me, "decline")
}

func stagePath(room, user, verb string) string {
	return roomPath(room, "/stage/"+url.PathEscape(user)+"/"+verb)
}
