package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
)

// Me names the caller where a user is wanted.
const Me = "me"

// Seat is a place on the stage and who has it.
type Seat struct {
	Seat  int    `json:"seat"`
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Muted bool   `json:"muted"`
}

// Position is a place in the stage log. A higher term follows every offset of a lower one.
type Position struct {
	Term   uint64 `json:"term"`
	Offset uint64 `json:"offset"`
}

// Stage is who is on stage at a position.
type Stage struct {
	Position Position `json:"position"`
	State    string   `json:"state"` // empty in the answer to a command
	Speakers []Seat   `json:"speakers"`
}

// Stage answers who is on stage.
func (c *Client) Stage(ctx context.Context, room string) (Stage, error) {
	return exchange[Stage](ctx, c, call{method: http.MethodGet, path: roomPath(room, "/stage"), repeatable: true})
}

// Mute mutes oneself (Me), or as host anyone.
func (c *Client) Mute(ctx context.Context, room, user string) (Stage, error) {
	return c.command(ctx, room, user, "mute")
}

// Unmute opens one's own microphone.
func (c *Client) Unmute(ctx context.Context, room string) (Stage, error) {
	return c.command(ctx, room, Me, "unmute")
}

// Audience leaves one's seat (Me), or as host moves anyone to the audience.
func (c *Client) Audience(ctx context.Context, room, user string) (Stage, error) {
	return c.command(ctx, room, user, "audience")
}

func (c *Client) command(ctx context.Context, room, user, verb string) (Stage, error) {
	to := call{
		method: http.MethodPost, path: roomPath(room, "/stage/"+url.PathEscape(user)+"/"+verb), key: rand.Text(), repeatable: true,
	}
	return exchange[Stage](ctx, c, to)
}
