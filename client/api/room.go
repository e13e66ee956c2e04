package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Room is a room as everybody may see it.
type Room struct {
	ID              string     `json:"id"`
	Title           string     `json:"title"`
	Description     string     `json:"description"`
	Language        string     `json:"language"`  // BCP 47; may be empty
	TimeZone        string     `json:"time_zone"` // IANA; may be empty
	State           string     `json:"state"`     // "scheduled", "live", "ended"
	Host            Host       `json:"host"`
	OpenStage       bool       `json:"open_stage"`
	OpenListening   bool       `json:"open_listening"`
	MaxSeats        int        `json:"max_seats"`
	AllowedSpeakers []string   `json:"allowed_speakers"`
	Speakers        []Seat     `json:"speakers"` // who is on stage
	CreatedAt       time.Time  `json:"created_at"`
	ScheduledFor    *time.Time `json:"scheduled_for"`
	StartedAt       *time.Time `json:"started_at"`
	EndedAt         *time.Time `json:"ended_at"`
}

// Host is whose room it is.
type Host struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CreateRoom says what a new room is like. Only the title is needed.
type CreateRoom struct {
	Title         string     `json:"title"`
	Description   string     `json:"description,omitempty"`
	Language      string     `json:"language,omitempty"`
	TimeZone      string     `json:"time_zone,omitempty"`
	OpenStage     bool       `json:"open_stage,omitempty"`
	OpenListening bool       `json:"open_listening,omitempty"`
	MaxSeats      int        `json:"max_seats,omitempty"`
	Speakers      []string   `json:"speakers,omitempty"` // users
	ScheduledFor  *time.Time `json:"scheduled_for,omitempty"`
}

// Page is a part of a list of rooms.
type Page struct {
	Rooms      []Room `json:"rooms"`
	NextCursor string `json:"next_cursor"` // empty: no more
}

// CreateRoom makes a room whose host is the caller. It is not live before it is started.
func (c *Client) CreateRoom(ctx context.Context, room CreateRoom) (Room, error) {
	to := call{method: http.MethodPost, path: "/v1/rooms", body: room, key: rand.Text(), repeatable: true}
	return exchange[Room](ctx, c, to)
}

// Rooms lists live rooms, newest first, at most limit (0: 20, at most 100) after a cursor; an empty one is the start.
func (c *Client) Rooms(ctx context.Context, limit int, cursor string) (Page, error) {
	query := url.Values{}
	if limit != 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	path := "/v1/rooms"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return exchange[Page](ctx, c, call{method: http.MethodGet, path: path, repeatable: true})
}

// Room answers one room.
func (c *Client) Room(ctx context.Context, room string) (Room, error) {
	return exchange[Room](ctx, c, call{method: http.MethodGet, path: roomPath(room, ""), repeatable: true})
}

// Start makes a room live. Starting a live room answers it again.
func (c *Client) Start(ctx context.Context, room string) (Room, error) {
	return exchange[Room](ctx, c, call{method: http.MethodPost, path: roomPath(room, "/start"), repeatable: true})
}

// End ends a room for everybody. Ending an ended room answers it again.
func (c *Client) End(ctx context.Context, room string) (Room, error) {
	return exchange[Room](ctx, c, call{method: http.MethodPost, path: roomPath(room, "/end"), repeatable: true})
}

func roomPath(room, rest string) string { return "/v1/rooms/" + url.PathEscape(room) + rest }
