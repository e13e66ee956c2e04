package events

import (
	"context"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// work does a connection's commands one after the other, so that they come to the stage in the order in which they were
// sent.
func (c *conn) work(room id.Room) {
	for m := range c.commands {
		applied, err := c.apply(room, m)
		said, err := encode(answerTo(m.ID, applied, err))
		if err == nil && !c.out.push(said) {
			c.cut(goodbyeOverflow)
		}
	}
}

func answerTo(name string, applied *listenerstatev1.ApplyResponse, err error) answerMessage {
	if err != nil {
		return answerMessage{Type: "answer", ID: name, Error: problem(err)}
	}
	at, place := positionFrom(applied.GetPosition()), applied.GetPlace()
	return answerMessage{Type: "answer", ID: name, Position: &at, Place: &place}
}

// apply gives a command to the stage. It does not end with the connection: what was sent is done.
func (c *conn) apply(room id.Room, m clientMessage) (applied *listenerstatev1.ApplyResponse, err error) {
	defer func() { c.sockets.metrics.commands.WithLabelValues(resultOf(err)).Inc() }()
	ctx, cancel := context.WithTimeout(context.Background(), c.sockets.pace.apply)
	defer cancel()
	name, err := intent.CommandID(c.who.User, m.ID)
	if err != nil {
		return nil, err
	}
	in := intent.Intent{Do: m.Do, User: m.User, Note: m.Note, Muted: m.Muted, Mode: m.Mode, ExpiresIn: m.ExpiresIn}
	if err := in.Check(); err != nil {
		return nil, err
	}
	if m.Do == "invite" || m.Do == "seat" {
		if in.Name, err = c.nameOf(ctx, m.User); err != nil {
			return nil, err
		}
	}
	request, err := in.Request(c.sockets.cfg.App, room, c.who, name)
	if err != nil {
		return nil, err
	}
	return c.sockets.cfg.Stage.Apply(ctx, request)
}

func (c *conn) nameOf(ctx context.Context, user string) (string, error) {
	if user == "" || user == intent.Me || user == string(c.who.User) {
		return c.who.Name, nil
	}
	return c.sockets.cfg.Name(ctx, id.User(user))
}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case mayPass(err) || fault.From(err).Code == fault.CodeInternal:
		return "failed"
	}
	return "refused"
}
