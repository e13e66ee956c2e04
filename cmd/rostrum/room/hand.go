package room

import (
	"context"
	"fmt"

	"rostrum/client/api"
)

// Raise raises one's hand.
type Raise struct {
	Own
	Note string `placeholder:"TEXT" help:"What one wants to speak about, for the moderators; at most 140 characters."`
}

// Run raises it and tells the place.
func (c *Raise) Run(ctx context.Context, v *Verbs) error {
	done, err := v.own(ctx, c.Room, func(client *api.Client, ctx context.Context, room string) (api.Done, error) {
		return client.RaiseHand(ctx, room, c.Note)
	})
	if err != nil {
		return err
	}
	return v.answer(done, "Your hand is up: you are %s of %d.\n  see when you are invited with: rostrum room watch %s", ordinal(done.Place), done.Of, c.Room)
}

// Lower lowers hands.
type Lower struct {
	OwnTarget
	All bool `help:"Lower all hands. For moderators."`
}

// Run lowers them.
func (c *Lower) Run(ctx context.Context, v *Verbs) error {
	switch {
	case c.All && c.User != "":
		return fmt.Errorf("either --all or a person")
	case c.All:
		done, err := v.own(ctx, c.Room, (*api.Client).LowerAllHands)
		if err != nil {
			return err
		}
		return v.answer(done, "All hands are down.")
	case c.User == "":
		done, err := v.own(ctx, c.Room, (*api.Client).LowerHand)
		if err != nil {
			return err
		}
		return v.answer(done, "Your hand is down.")
	}
	return v.command(ctx, c.Room, c.User, (*api.Client).LowerHandOf, "%s: hand down")
}

// Hands says who may raise a hand.
type Hands struct {
	Own
	Mode string `arg:"" enum:"open,invited,closed" help:"open: everyone; invited: the room's speakers and who was invited or seated before; closed: nobody, and all hands go down."`
}

// Run sets it.
func (c *Hands) Run(ctx context.Context, v *Verbs) error {
	done, err := v.own(ctx, c.Room, func(client *api.Client, ctx context.Context, room string) (api.Done, error) {
		return client.SetHandMode(ctx, room, api.HandMode(c.Mode))
	})
	if err != nil {
		return err
	}
	return v.answer(done, "Hands are %s.", c.Mode)
}

// ordinal answers "1st", "12th", "23rd".
func ordinal(n int) string {
	ending := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return fmt.Sprint(n, ending)
}
