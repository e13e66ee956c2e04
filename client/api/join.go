package api

import (
	"context"
	"net/http"
	"time"
)

// Join says how to go in.
type Join struct {
	Role   string `json:"role"`             // "listener" or "speaker"
	Region string `json:"region,omitempty"` // where edges are wanted
	Muted  bool   `json:"muted,omitempty"`  // take the seat muted
}

// Joined is all that is needed to hear a room and, for speakers, to be heard in it.
type Joined struct {
	Role           string    `json:"role"` // "listener", "speaker", "moderator", "host"
	Seat           int       `json:"seat"` // 0: none
	You            You       `json:"you"`  // what the stage says of the caller
	Room           Room      `json:"room"`
	Card           Card      `json:"card"`
	Position       Position  `json:"position"`
	Grant          string    `json:"grant"` // for the listen protocol
	GrantExpiresAt time.Time `json:"grant_expires_at"`
	Edges          []Edge    `json:"edges"` // best first

	// Of speakers. The URL is absolute; its bearer is the access token or the speak grant.
	WHIPURL             string    `json:"whip_url"`
	SpeakGrant          string    `json:"speak_grant"`
	SpeakGrantExpiresAt time.Time `json:"speak_grant_expires_at"`
}

// Card is what a listener draws of a room, until an edge sends a newer one.
type Card struct {
	Room     string   `json:"room"`
	Title    string   `json:"title"`
	State    string   `json:"state"`
	Seats    []Seat   `json:"seats"`
	Policy   Policy   `json:"policy"`
	Position Position `json:"position"`
	Epoch    uint64   `json:"epoch"` // 0: no program has been made yet
	Language string   `json:"language"`
}

// Policy is what a room lets its audience do.
type Policy struct {
	OpenStage     bool     `json:"open_stage"`
	OpenListening bool     `json:"open_listening"`
	HandMode      HandMode `json:"hand_mode"`
}

// Edge is a place where a room can be heard.
type Edge struct {
	Node      string `json:"node"`
	URL       string `json:"url"`
	Region    string `json:"region"`
	ListenURL string `json:"listen_url"` // WebSocket, docs/protocol.md section 1
	OggURL    string `json:"ogg_url"`    // endless Ogg Opus; to be connected within 5 minutes
}

// Join goes in. Joining as speaker again answers the seat that one has.
func (c *Client) Join(ctx context.Context, room string, join Join) (Joined, error) {
	to := call{method: http.MethodPost, path: roomPath(room, "/join"), body: join, repeatable: true}
	return exchange[Joined](ctx, c, to)
}

// Grants answers as Join does and changes nothing: a new listen grant and the edges of now, a region's first where one is
// named; for who has a seat also a speak grant and where to send the microphone.
func (c *Client) Grants(ctx context.Context, room, region string) (Joined, error) {
	body := struct {
		Region string `json:"region,omitempty"`
	}{region}
	to := call{method: http.MethodPost, path: roomPath(room, "/grants"), body: body, repeatable: true}
	return exchange[Joined](ctx, c, to)
}
