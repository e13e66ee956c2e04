package events

import (
	"context"
	"fmt"

	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	"rostrum/mobile-api/view"
)

// command is one thing that a client asks. One that is wrong but has an id is answered with why.
type command struct {
	id    string
	ask   intent.Intent
	wrong error
}

// trace names the trace of the command. What is wrong has no name of its own: clients make those up.
func (c *command) trace() string {
	if c.wrong != nil {
		return "events invalid"
	}
	return "events " + c.ask.Do
}

// do applies one command and answers it.
func (c *conn) do(ctx context.Context, next *command) (answerMessage, error) {
	if next.wrong != nil {
		return answerMessage{}, next.wrong
	}
	s := c.sockets
	ctx, cancel := context.WithTimeout(ctx, s.pace.apply)
	defer cancel()
	ask, err := c.named(ctx, next.ask)
	if err != nil {
		return answerMessage{}, err
	}
	name, err := intent.CommandID(c.who.User, next.id)
	if err != nil {
		return answerMessage{}, err
	}
	request, err := ask.Request(s.cfg.App, c.room, c.who, name)
	if err != nil {
		return answerMessage{}, err
	}
	applied, err := s.cfg.Stage.Apply(ctx, request)
	if err != nil {
		return answerMessage{}, fmt.Errorf("apply to stage: %w", err)
	}
	at, place := view.PositionFrom(applied.GetPosition()), applied.GetPlace()
	return answerMessage{Type: "answer", ID: next.id, Position: &at, Place: &place}, nil
}

// named looks up what the person is called whom an invite or a direct seat is for.
func (c *conn) named(ctx context.Context, ask intent.Intent) (intent.Intent, error) {
	if ask.Do != "invite" && ask.Do != "seat" {
		return ask, nil
	}
	user, err := id.ParseUser(ask.User)
	if err != nil || user == c.who.User {
		ask.Name = c.who.Name // "me": what is nobody's id was refused
		return ask, nil
	}
	if ask.Name, err = c.sockets.cfg.Name(ctx, user); err != nil {
		return ask, fmt.Errorf("look up a name: %w", err)
	}
	return ask, nil
}
