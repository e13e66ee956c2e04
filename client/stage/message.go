package stage

import (
	"encoding/json"
	"errors"
	"fmt"

	"rostrum/client/api"
)

const (
	maxSeats   = 100
	maxHands   = 20_000
	maxPeople  = 20_000 // moderators, invites, removed
	apiVersion = 1
)

// corrupt says that a gateway broke the protocol.
type corrupt struct{ what string }

func (c *corrupt) Error() string { return "the gateway broke the protocol: " + c.what }

// message is one of the server's; which fields are set depends on its kind. Unknown kinds have none.
type message struct {
	kind     string
	hello    *helloMessage
	snapshot *Stage
	event    *Event
	position *api.Position // of enforced and still
	place    *Place
	answer   *answerMessage
}

type helloMessage struct {
	Version int    `json:"version"`
	User    string `json:"user"`
	Resumed bool   `json:"resumed"`
}

type answerMessage struct {
	ID       string        `json:"id"`
	Position *api.Position `json:"position"`
	Place    int           `json:"place"`
	Error    *struct {
		Code         string            `json:"code"`
		Message      string            `json:"message"`
		RetryAfterMS int64             `json:"retry_after_ms"`
		Details      map[string]string `json:"details"`
	} `json:"error"`
}

// parse reads one message. The error is a *corrupt.
func parse(raw []byte) (message, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return message{}, &corrupt{"a message is no JSON object"}
	}
	m := message{kind: head.Type}
	var err error
	switch head.Type {
	case "hello":
		m.hello, err = read[helloMessage](raw)
	case "snapshot":
		m.snapshot, err = parseSnapshot(raw)
	case "event":
		m.event, err = read[Event](raw)
	case "place":
		m.place, err = read[Place](raw)
	case "answer":
		m.answer, err = read[answerMessage](raw)
	case "enforced", "still":
		m.position, err = parsePosition(raw)
	}
	if err != nil {
		return message{}, &corrupt{fmt.Sprintf("%s: %v", head.Type, err)}
	}
	return m, nil
}

func read[T any](raw []byte) (*T, error) {
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, err
	}
	return out, nil
}

func parsePosition(raw []byte) (*api.Position, error) {
	var in struct {
		Position *api.Position `json:"position"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	if in.Position == nil {
		return nil, errors.New("no position")
	}
	return in.Position, nil
}

func parseSnapshot(raw []byte) (*Stage, error) {
	var in struct {
		Position *api.Position `json:"position"`
		Stage    *Stage        `json:"stage"`
		You      *api.You      `json:"you"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	if in.Position == nil || in.Stage == nil || in.You == nil {
		return nil, errors.New("position, stage or you is missing")
	}
	s := in.Stage
	if len(s.Seats) > maxSeats || len(s.Hands) > maxHands || max(len(s.Moderators), len(s.Invites), len(s.Removed)) > maxPeople {
		return nil, errors.New("more people than a stage can have")
	}
	s.Position, s.You = *in.Position, *in.You
	return s, nil
}
