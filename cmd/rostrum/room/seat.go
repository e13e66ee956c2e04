package room

import (
	"context"

	"rostrum/client/api"
)

// Seat takes a person on stage without asking.
type Seat struct{ Target }

// Run seats the person.
func (c *Seat) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Seat, "%s is on stage, muted.")
}

// Audience moves people to the audience.
type Audience struct{ OwnTarget }

// Run moves the person.
func (c *Audience) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Audience, "%s: in the audience")
}

// Mute closes microphones.
type Mute struct{ OwnTarget }

// Run mutes the person.
func (c *Mute) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Mute, "%s: muted")
}

// Unmute opens one's own microphone.
type Unmute struct{ Own }

// Run unmutes.
func (c *Unmute) Run(ctx context.Context, v *Verbs) error {
	done, err := v.own(ctx, c.Room, (*api.Client).Unmute)
	if err != nil {
		return err
	}
	return v.answer(done, "Your microphone is open.")
}

// Hold mutes a person until released.
type Hold struct{ Target }

// Run holds the person.
func (c *Hold) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Hold, "%s is held: muted until released.")
}

// Release lets a held person unmute.
type Release struct{ Target }

// Run releases the person.
func (c *Release) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Release, "%s may unmute.")
}

// Leave gives up seat, hand and invite.
type Leave struct{ Own }

// Run leaves.
func (c *Leave) Run(ctx context.Context, v *Verbs) error {
	done, err := v.own(ctx, c.Room, (*api.Client).Leave)
	if err != nil {
		return err
	}
	return v.answer(done, "You have left the stage.")
}
