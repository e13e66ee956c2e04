package api

import (
	"context"
	"net/http"
)

// HandMode is who may raise a hand.
type HandMode string

const (
	HandsOpen    HandMode = "open"    // everyone
	HandsInvited HandMode = "invited" // listed speakers, and who was invited or seated before
	HandsClosed  HandMode = "closed"  // nobody; setting it lowers all hands
)

// RaiseHand asks to speak. The note, one line of at most 140 characters, is for the moderators. A hand that is up stays
// where it is, with the note it has. Codes: "hands_closed", "already_seated", "queue_full".
func (c *Client) RaiseHand(ctx context.Context, room, note string) (Done, error) {
	body := struct {
		Note string `json:"note,omitempty"`
	}{note}
	return c.put(ctx, http.MethodPost, roomPath(room, "/hand"), body)
}

// LowerHand takes one's own hand down.
func (c *Client) LowerHand(ctx context.Context, room string) (Done, error) {
	return c.put(ctx, http.MethodDelete, roomPath(room, "/hand"), nil)
}

// LowerHandOf takes a person's hand down. For the host and moderators.
func (c *Client) LowerHandOf(ctx context.Context, room, user string) (Done, error) {
	return c.command(ctx, room, user, "lower")
}

// LowerAllHands empties the hand queue. For the host and moderators.
func (c *Client) LowerAllHands(ctx context.Context, room string) (Done, error) {
	return c.put(ctx, http.MethodDelete, roomPath(room, "/hands"), nil)
}

// SetHandMode says who may raise a hand from now on. For the host and moderators.
func (c *Client) SetHandMode(ctx context.Context, room string, mode HandMode) (Done, error) {
	body := struct {
		Mode HandMode `json:"mode"`
	}{mode}
	return c.put(ctx, http.MethodPut, roomPath(room, "/hands/mode"), body)
}
