package room

import (
	"context"
	"fmt"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
)

// lookEvery is how often a stage is looked at that one has no part in: the gateway keeps no socket open for that.
const lookEvery = 5 * time.Second

// Watch shows a stage as it changes.
type Watch struct{ Own }

// Run shows it until ctx ends or the room does. On a terminal it is one picture that is redrawn, elsewhere a line an event.
func (c *Watch) Run(ctx context.Context, v *Verbs) error {
	client, err := v.me()
	if err != nil {
		return err
	}
	if _, err := client.AccessToken(ctx, ""); err != nil { // who has none is somebody from here on
		return v.explained(c.Room, err)
	}
	room, err := client.Room(ctx, string(c.Room))
	if err != nil {
		return v.explained(c.Room, err)
	}
	show, end := v.newShow(c.Room, client.Tokens().User, api.User{ID: room.Host.ID, Name: room.Host.Name})
	err = (&watcher{url: v.URL, room: c.Room, client: client, show: show, lookEvery: lookEvery}).run(ctx)
	end()
	switch {
	case ctx.Err() != nil:
		return nil
	case stage.FaultOf(err) == "ended":
		_, err = fmt.Fprintln(v.err(), "The room is over.")
		return err
	}
	return v.explained(c.Room, err)
}

// show is where a watcher brings what it hears.
type show interface {
	// item takes one thing told.
	item(stage.Item) error
	// tick is called ten times a second. now answers the stage, where that is needed; note is what is wrong with the
	// connection, or "".
	tick(now func() stage.Stage, note string) error
}

// watcher brings a stage to a show. One goroutine owns it.
type watcher struct {
	url       string
	room      Room
	client    *api.Client
	show      show
	lookEvery time.Duration
}

// run follows while the gateway lets it, and looks now and then while there is nothing to follow for.
func (w *watcher) run(ctx context.Context) error {
	for {
		err := w.follow(ctx)
		switch stage.FaultOf(err) {
		case "idle":
			err = w.look(ctx)
		case "not_live":
			err = w.wait(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// told is one answer of a follower.
type told struct {
	item stage.Item
	err  error
}

// follow shows what the events socket tells, to its end.
func (w *watcher) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	f, err := stage.Follow(ctx, stage.Config{URL: w.url, Room: id.Room(w.room), Token: w.client.AccessToken})
	if err != nil {
		cancel()
		return err
	}
	all, ended := make(chan told), make(chan struct{})
	go func() {
		defer close(ended)
		for next := (told{}); next.err == nil; {
			next.item, next.err = f.Next(ctx)
			select {
			case all <- next:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		f.Close()
		<-ended
	}()
	return w.bring(ctx, f, all)
}

func (w *watcher) bring(ctx context.Context, f *stage.Follower, all <-chan told) error {
	clock := time.NewTicker(100 * time.Millisecond)
	defer clock.Stop()
	for {
		var err error
		select {
		case next := <-all:
			if err = next.err; err == nil {
				err = w.show.item(next.item)
			}
		case <-clock.C:
			note := ""
			if connected, reason := f.Connected(); !connected && reason != nil {
				note = "connecting again: " + reason.Error()
			}
			err = w.show.tick(f.Stage, note)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// look shows the stage every few seconds, until one has a part in it or it is over: then the events socket says so.
func (w *watcher) look(ctx context.Context) error {
	for {
		now, err := w.client.Stage(ctx, string(w.room))
		if err != nil && !api.MayPass(err) {
			return err
		}
		if err == nil && (now.State == "ended" || now.You.Role != "listener" || now.You.Place > 0 || now.You.Invite != nil) {
			return nil
		}
		note := "you have no part in this stage: it is looked at every " + w.lookEvery.String()
		if err != nil {
			note = err.Error()
		}
		if err := w.show.tick(func() stage.Stage { return stage.Stage{Stage: now} }, note); err != nil {
			return err
		}
		if err := w.pause(ctx); err != nil {
			return err
		}
	}
}

// wait waits for the room to start.
func (w *watcher) wait(ctx context.Context) error {
	for {
		room, err := w.client.Room(ctx, string(w.room))
		if err != nil && !api.MayPass(err) {
			return err
		}
		if err == nil && room.State != "scheduled" {
			return nil
		}
		waiting := stage.Stage{Stage: api.Stage{Title: room.Title, State: room.State, MaxSeats: room.MaxSeats}}
		if err := w.show.tick(func() stage.Stage { return waiting }, "the room has not been started"); err != nil {
			return err
		}
		if err := w.pause(ctx); err != nil {
			return err
		}
	}
}

func (w *watcher) pause(ctx context.Context) error {
	select {
	case <-time.After(w.lookEvery):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
