package room

import (
	"context"

	"rostrum/client/api"
)

// Appoint makes a person a moderator.
type Appoint struct{ Target }

// Run appoints the person.
func (c *Appoint) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Appoint, "%s is a moderator.")
}

// Dismiss takes a moderator's powers.
type Dismiss struct{ OwnTarget }

// Run dismisses the person.
func (c *Dismiss) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Dismiss, "%s: no moderator")
}

// Remove keeps a person out.
type Remove struct{ Target }

// Run removes the person.
func (c *Remove) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Remove, "%s is kept out of this room.")
}

// Readmit lets a removed person in again.
type Readmit struct{ Target }

// Run readmits the person.
func (c *Readmit) Run(ctx context.Context, v *Verbs) error {
	return v.command(ctx, c.Room, c.User, (*api.Client).Readmit, "%s may come back.")
}
