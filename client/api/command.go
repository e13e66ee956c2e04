package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
)

// Me names the caller where a user is wanted.
const Me = "me"

// Done is what a command came to. Commands are repeated under one key, so that each happens once.
type Done struct {
	Position Position `json:"position"` // from here on the stage has it
	Place    int      `json:"place"`    // of the caller in the hand queue, from 1; 0: the hand is not up
	Of       int      `json:"of"`       // hands that are up
	Seats    []Seat   `json:"seats"`
}

// Seat takes a person on stage without asking, muted. For the host and moderators.
func (c *Client) Seat(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "seat")
}

// Audience leaves one's seat (Me), or as host or moderator moves others to the audience.
func (c *Client) Audience(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "audience")
}

// Mute mutes oneself (Me), or as host or moderator anyone.
func (c *Client) Mute(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "mute")
}

// Unmute opens one's own microphone. Code: "held".
func (c *Client) Unmute(ctx context.Context, room string) (Done, error) {
	return c.command(ctx, room, Me, "unmute")
}

// Hold mutes a person until released. For the host and moderators.
func (c *Client) Hold(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "hold")
}

// Release lets a held person unmute. For the host and moderators.
func (c *Client) Release(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "release")
}

// Remove keeps a person from the stage and the queue. For the host and moderators.
func (c *Client) Remove(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "remove")
}

// Readmit lets a removed person in again. For the host and moderators.
func (c *Client) Readmit(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "readmit")
}

// Leave gives up one's seat, hand and invite.
func (c *Client) Leave(ctx context.Context, room string) (Done, error) {
	return c.put(ctx, http.MethodPost, roomPath(room, "/leave"), nil)
}

// Appoint makes a person a moderator. For the host.
func (c *Client) Appoint(ctx context.Context, room, user string) (Done, error) {
	return c.put(ctx, http.MethodPut, roomPath(room, "/moderators/"+url.PathEscape(user)), nil)
}

// Dismiss ends a moderator's powers: one's own (Me), or as host anyone's.
func (c *Client) Dismiss(ctx context.Context, room, user string) (Done, error) {
	return c.put(ctx, http.MethodDelete, roomPath(room, "/moderators/"+url.PathEscape(user)), nil)
}

func (c *Client) command(ctx context.Context, room, user, verb string) (Done, error) {
	return c.put(ctx, http.MethodPost, stagePath(room, user, verb), nil)
}

// put gives a command.
func (c *Client) put(ctx context.Context, method, path string, body any) (Done, error) {
	return exchange[Done](ctx, c, call{method: method, path: path, body: body, key: rand.Text(), repeatable: true})
}
