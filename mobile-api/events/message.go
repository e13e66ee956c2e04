package events

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"rostrum/internal/fault"
)

// The server's messages are those of docs/protocol.md section 10.2.

type helloMessage struct {
	Type      string `json:"type"`
	Version   int    `json:"version"`
	User      string `json:"user"`
	Resumed   bool   `json:"resumed"`
	Heartbeat int64  `json:"heartbeat_ms"`
}

type positionMessage struct {
	Type     string   `json:"type"`
	Position position `json:"position"`
}

// answerMessage answers a command: with a position and a place, or with an error.
type answerMessage struct {
	Type     string       `json:"type"`
	ID       string       `json:"id"`
	Position *position    `json:"position,omitzero"`
	Place    *uint32      `json:"place,omitzero"`
	Error    *wireProblem `json:"error,omitzero"`
}

// wireProblem is the error of section 4.
type wireProblem struct {
	Code         fault.Code        `json:"code"`
	Message      string            `json:"message"`
	RetryAfterMS int64             `json:"retry_after_ms,omitzero"`
	Details      map[string]string `json:"details,omitzero"`
}

// wireStage is a stage in one of the two views. What only moderators see is nil in that of others.
type wireStage struct {
	View       string       `json:"view"`
	State      string       `json:"state"`
	Title      string       `json:"title"`
	Host       string       `json:"host"`
	Moderators []string     `json:"moderators"`
	HandMode   string       `json:"hand_mode"`
	OpenStage  bool         `json:"open_stage"`
	MaxSeats   uint32       `json:"max_seats"`
	HandCount  int          `json:"hand_count"`
	Enforced   *position    `json:"enforced"`
	Seats      []wireSeat   `json:"seats"`
	Hands      []wireHand   `json:"hands,omitzero"`
	Invites    []wireInvite `json:"invites,omitzero"`
	Removed    []string     `json:"removed,omitzero"`
}

type wireSeat struct {
	Seat  uint32 `json:"seat"`
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Muted bool   `json:"muted"`
	Held  bool   `json:"held"`
	Away  bool   `json:"away"`
}

type wireHand struct {
	User     string    `json:"user"`
	Name     string    `json:"name"`
	Note     string    `json:"note"`
	Order    uint64    `json:"order"`
	RaisedAt time.Time `json:"raised_at"`
	Absent   bool      `json:"absent"`
}

type wireInvite struct {
	User      string    `json:"user"`
	Name      string    `json:"name"`
	By        string    `json:"by"`
	ExpiresAt time.Time `json:"expires_at"`
}

type wireYou struct {
	Role   string          `json:"role"`
	Seat   uint32          `json:"seat"`
	Place  int             `json:"place"`
	Invite *wireInvitation `json:"invite"`
}

type wireInvitation struct {
	By        string    `json:"by"`
	ExpiresAt time.Time `json:"expires_at"`
}

// encode answers the frame of a message of ours.
func encode(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", message, err)
	}
	return frame(opText, body), nil
}

// appendPlace appends the frame of a place message: no encoder runs for everyone who waits.
func appendPlace(dst []byte, place, of int) []byte {
	const longest = 64
	var body [longest]byte
	b := append(body[:0], `{"type":"place","place":`...)
	b = strconv.AppendInt(b, int64(place), 10)
	b = append(b, `,"of":`...)
	b = strconv.AppendInt(b, int64(of), 10)
	b = append(b, '}')
	return append(appendHeader(dst, opText, len(b)), b...)
}

// snapshotFrame is the frame of a snapshot in pieces, so that everybody shares the stage.
func snapshotFrame(at position, stage []byte, you wireYou) ([]piece, error) {
	head := fmt.Appendf(nil, `{"type":"snapshot","position":{"term":%d,"offset":%d},"stage":`, at.Term, at.Offset)
	tail, err := json.Marshal(you)
	if err != nil {
		return nil, fmt.Errorf("encode you: %w", err)
	}
	tail = append(append([]byte(`,"you":`), tail...), '}')
	begin := appendHeader(make([]byte, 0, len(head)+10), opText, len(head)+len(stage)+len(tail))
	return []piece{{bytes: append(begin, head...), more: true}, {bytes: stage, more: true}, {bytes: tail}}, nil
}

func problem(err error) *wireProblem {
	f := fault.From(err)
	return &wireProblem{f.Code, f.Message, f.RetryAfter.Milliseconds(), f.Details}
}
