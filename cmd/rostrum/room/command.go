package room

import (
	"context"

	"rostrum/client/api"
)

// Target is a person in a room.
type Target struct {
	Room Room   `arg:"" help:"The room's id, or a link to it."`
	User string `arg:"" help:"A person's id, a place in the queue such as '#3', or a name on stage or in the queue."`
}

// OwnTarget is oneself in a room, or another person.
type OwnTarget struct {
	Room Room   `arg:"" help:"The room's id, or a link to it."`
	User string `arg:"" optional:"" help:"A person's id, a place in the queue such as '#3', or a name on stage or in the queue. Default: oneself."`
}

// Own is a room in which one does something.
type Own struct {
	Room Room `arg:"" help:"The room's id, or a link to it."`
}

// command gives a command about a person, by a method of a client, and tells it in a sentence with the person's name.
func (v *Verbs) command(ctx context.Context, room Room, user string, give func(*api.Client, context.Context, string, string) (api.Done, error), sentence string) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	who, err := whom(ctx, client, room, user)
	if err != nil {
		return v.explained(room, err)
	}
	done, err := give(client, ctx, string(room), who.user)
	if err != nil {
		return v.explained(room, err)
	}
	return v.answer(done, sentence, clean(who.name))
}

// own gives a command about oneself, by a method of a client.
func (v *Verbs) own(ctx context.Context, room Room, give func(*api.Client, context.Context, string) (api.Done, error)) (api.Done, error) {
	client, err := v.me()
	if err != nil {
		return api.Done{}, err
	}
	done, err := give(client, ctx, string(room))
	return done, v.explained(room, err)
}
