package room

import (
	"context"
	"time"

	"rostrum/client/api"
)

// Invite asks a person on stage.
type Invite struct {
	Target
	For time.Duration `default:"60s" help:"How long the invite is good, 5s to 10m."`
}

// Run invites.
func (c *Invite) Run(ctx context.Context, v *Verbs) error {
	give := func(client *api.Client, ctx context.Context, room, user string) (api.Done, error) {
		return client.Invite(ctx, room, user, c.For)
	}
	return v.command(ctx, c.Room, c.User, give, "%s is invited.")
}

// Withdraw takes an invite back.
type Withdraw struct{ Target }

// Run withdraws it.
func (c *Withdraw) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Withdraw, "%s is not invited any more.")
}

// Accept takes the seat that one was invited to.
type Accept struct {
	Own
	Muted bool `help:"Take the seat muted."`
}

// accepted is what scripts get: the command, and where the microphone goes.
type accepted struct {
	api.Done
	Grants api.Joined `json:"grants"`
}

// Run takes the seat and tells where to send a microphone to.
func (c *Accept) Run(ctx context.Context, v *Verbs) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	done, err := client.Accept(ctx, string(c.Room), c.Muted)
	if err != nil {
		return v.explained(c.Room, err)
	}
	grants, err := client.Grants(ctx, string(c.Room), "")
	if err != nil {
		return v.explained(c.Room, err)
	}
	return v.answer(accepted{done, grants}, `You have seat %d. It follows the microphone: without one it is freed in 30 s.
  page   %s/#/rooms/%s
  WHIP   %s
  bearer %s`, grants.You.Seat, v.URL, c.Room, grants.WHIPURL, grants.SpeakGrant)
}

// Decline refuses the seat that one was invited to.
type Decline struct{ Own }

// Run declines.
func (c *Decline) Run(ctx context.Context, v *Verbs) error {
	done, err := v.own(ctx, c.Room, (*api.Client).Decline)
	if err != nil {
		return err
	}
	return v.answer(done, "You are not invited any more.")
}
