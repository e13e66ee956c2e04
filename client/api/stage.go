package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// The views of a stage.
const (
	ModeratorView = "moderator" // everything
	PersonView    = "person"    // without other people's hands and invites
)

// Stage is what holds on a stage, as one person may see it.
type Stage struct {
	Position   Position  `json:"position"`
	View       string    `json:"view"`
	State      string    `json:"state"` // "scheduled", "live", "ended"
	Title      string    `json:"title"`
	Host       string    `json:"host"`
	Moderators []string  `json:"moderators"` // users, sorted
	HandMode   HandMode  `json:"hand_mode"`
	OpenStage  bool      `json:"open_stage"` // anyone may take a free seat
	MaxSeats   int       `json:"max_seats"`
	HandCount  int       `json:"hand_count"`
	Enforced   *Position `json:"enforced"`          // up to where the SFU does what the stage says; nil: not told yet
	Seats      []Seat    `json:"seats"`             // rising
	Hands      []Hand    `json:"hands,omitempty"`   // in order; over HTTP the first 1,000
	Invites    []Invite  `json:"invites,omitempty"` // that wait for an answer
	Removed    []string  `json:"removed,omitempty"` // users, sorted
	You        You       `json:"you"`
}

// Seat is a place on the stage and who has it.
type Seat struct {
	Seat  int    `json:"seat"`
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"` // "host", "moderator", "speaker"
	Muted bool   `json:"muted"`
	Held  bool   `json:"held"` // a moderator keeps the microphone closed
	Away  bool   `json:"away"` // without a microphone; the seat is kept for 30 s
}

// Hand is a raised hand.
type Hand struct {
	User     string    `json:"user"`
	Name     string    `json:"name"`
	Note     string    `json:"note"`
	Order    uint64    `json:"order"` // hands are sorted by it
	RaisedAt time.Time `json:"raised_at"`
	Absent   bool      `json:"absent"` // without a connection; the hand is kept for 60 s
}

// Invite is an invite that waits for its answer.
type Invite struct {
	User      string    `json:"user"`
	Name      string    `json:"name"`
	By        string    `json:"by"` // a user
	ExpiresAt time.Time `json:"expires_at"`
}

// You is what the stage says of the caller. Without an access token all is empty.
type You struct {
	User   string      `json:"user,omitempty"` // only of a follower
	Role   string      `json:"role"`           // "listener", "speaker", "moderator", "host"
	Seat   int         `json:"seat"`           // 0: none
	Place  int         `json:"place"`          // in the hand queue, from 1; 0: the hand is not up
	Invite *Invitation `json:"invite"`         // nil: none
}

// Invitation is an invite of one's own.
type Invitation struct {
	By        string    `json:"by"` // a user
	ExpiresAt time.Time `json:"expires_at"`
}

// Stage answers the stage as the caller may see it.
func (c *Client) Stage(ctx context.Context, room string) (Stage, error) {
	return c.StageAt(ctx, room, Position{})
}

// StageAt answers the stage at a position or later, such as that of a command. Code: "from_ahead", where the log has not
// come to it.
func (c *Client) StageAt(ctx context.Context, room string, least Position) (Stage, error) {
	path := roomPath(room, "/stage")
	if least != (Position{}) {
		path += "?at_least=" + least.String()
	}
	type answer struct {
		Position Position `json:"position"`
		Stage    *Stage   `json:"stage"`
		You      You      `json:"you"`
	}
	read, err := exchange[answer](ctx, c, call{method: http.MethodGet, path: path, repeatable: true})
	if err != nil {
		return Stage{}, err
	}
	if read.Stage == nil {
		return Stage{}, errors.New("the answer has no stage")
	}
	read.Stage.Position, read.Stage.You = read.Position, read.You
	return *read.Stage, nil
}

// SeatOf answers a person's seat.
func (s Stage) SeatOf(user string) (Seat, bool) {
	i := slices.IndexFunc(s.Seats, func(seat Seat) bool { return seat.User == user })
	if i < 0 {
		return Seat{}, false
	}
	return s.Seats[i], true
}

// PlaceOf answers a person's place in the hand queue, from 1; 0: the hand is not up, or may not be seen.
func (s Stage) PlaceOf(user string) int {
	return slices.IndexFunc(s.Hands, func(hand Hand) bool { return hand.User == user }) + 1
}

// Free is how many more people can be invited: seats that nobody has or is invited to. For the moderators' view.
func (s Stage) Free() int { return max(0, s.MaxSeats-len(s.Seats)-len(s.Invites)) }
