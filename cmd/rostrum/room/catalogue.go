package room

import (
	"context"
	"fmt"
	"text/tabwriter"

	"rostrum/client/api"
)

// Create makes a room.
type Create struct {
	Title         string `arg:"" help:"What the room is called."`
	Description   string `placeholder:"TEXT" help:"What it is about."`
	Start         bool   `help:"Open the stage at once."`
	OpenStage     bool   `help:"Anyone may take a free seat without asking."`
	OpenListening bool   `help:"Listening needs no identity."`
	MaxSeats      int    `placeholder:"N" help:"Seats on the stage, at most 100. Default: 20."`
}

// Run makes the room and tells its id.
func (c *Create) Run(ctx context.Context, v *Verbs) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	room, err := client.CreateRoom(ctx, api.CreateRoom{
		Title: c.Title, Description: c.Description, OpenStage: c.OpenStage, OpenListening: c.OpenListening, MaxSeats: c.MaxSeats,
	})
	if err == nil && c.Start {
		room, err = client.Start(ctx, room.ID)
	}
	if err != nil {
		return v.explained("", err)
	}
	return v.answer(room, "%s\n%s is %s: %s/#/rooms/%s", room.ID, clean(room.Title), room.State, v.URL, room.ID)
}

// Start opens a stage.
type Start struct {
	Room Room `arg:"" help:"Its id, or a link to it."`
}

// Run opens it.
func (c *Start) Run(ctx context.Context, v *Verbs) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	room, err := client.Start(ctx, string(c.Room))
	if err != nil {
		return v.explained(c.Room, err)
	}
	return v.answer(room, "%s is %s", clean(room.Title), room.State)
}

// End ends a room.
type End struct {
	Room Room `arg:"" help:"Its id, or a link to it."`
}

// Run ends it.
func (c *End) Run(ctx context.Context, v *Verbs) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	room, err := client.End(ctx, string(c.Room))
	if err != nil {
		return v.explained(c.Room, err)
	}
	return v.answer(room, "%s is over", clean(room.Title))
}

// List lists live rooms.
type List struct {
	Most int `default:"100" help:"How many at most."`
}

// Run prints one line a room, newest first.
func (c *List) Run(ctx context.Context, v *Verbs) error {
	var rooms []api.Room
	for cursor := ""; len(rooms) < c.Most; {
		page, err := v.stranger().Rooms(ctx, min(100, c.Most-len(rooms)), cursor)
		if err != nil {
			return v.explained("", err)
		}
		rooms = append(rooms, page.Rooms...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if v.JSON {
		if rooms == nil {
			rooms = []api.Room{}
		}
		return v.answer(rooms, "")
	}
	if len(rooms) == 0 {
		return v.answer(nil, "No room is live. Make one with: rostrum room create TITLE --start")
	}
	table := tabwriter.NewWriter(v.out(), 0, 0, 2, ' ', 0)
	for _, r := range rooms {
		fmt.Fprintf(table, "%s\t%s\t%d on stage\t%s\n", r.ID, clean(r.Host.Name), len(r.Speakers), clean(r.Title))
	}
	return table.Flush()
}
