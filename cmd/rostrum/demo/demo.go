// Package demo owns the demo room: two bots on a stage that talk real speech in turn, one of which is its host and invites
// whoever raises a hand, as any program could with the client packages.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
)

// Config is what the demo needs.
type Config struct {
	URL        string // of the API
	HTTPClient *http.Client
	Log        *slog.Logger
}

// Run keeps the demo room talking until ctx ends. What fails is tried again: the room is opened anew.
func Run(ctx context.Context, cfg Config) error {
	dialogue, err := loadDialogue()
	if err != nil {
		return err
	}
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		begun := time.Now()
		err := perform(ctx, cfg, dialogue)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(begun) > time.Minute {
			wait = time.Second
		}
		cfg.Log.Warn("the demo room stopped; it is opened again", "error", err)
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return nil
		}
	}
}

// perform opens a room, seats the bots, lets them talk, and gives the other seats to visitors.
func perform(ctx context.Context, cfg Config, dialogue []line) (err error) {
	host, err := newBot(ctx, cfg, "Harbour")
	if err != nil {
		return err
	}
	guest, err := newBot(ctx, cfg, "Beacon")
	if err != nil {
		return err
	}
	room, err := host.api.CreateRoom(ctx, api.CreateRoom{
		Title: "The lighthouse keepers", Description: "Two small programs in conversation. Raise a hand and you are invited on stage.",
		Language: "en", OpenListening: true, Speakers: []string{guest.user()},
	})
	if err != nil {
		return fmt.Errorf("create the demo room: %w", err)
	}
	if _, err := host.api.Start(ctx, room.ID); err != nil {
		return fmt.Errorf("start the demo room: %w", err)
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_, endErr := host.api.End(bounded, room.ID)
		err = errors.Join(err, endErr)
	}()
	bots := map[voice]*bot{harbour: host, beacon: guest}
	for _, b := range bots {
		defer b.leave(context.WithoutCancel(ctx))
		if err := b.takeSeat(ctx, room.ID); err != nil {
			return err
		}
	}
	cfg.Log.Info("the demo room talks", "room", room.ID)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return talk(ctx, bots, dialogue) })
	both.Go(func() error { return moderate(ctx, cfg, room.ID, host, guest) })
	return both.Wait()
}

func talk(ctx context.Context, bots map[voice]*bot, dialogue []line) error {
	for {
		for _, l := range dialogue {
			if err := bots[l.voice].say(ctx, l.packets); err != nil {
				return err
			}
		}
	}
}

// moderate lets a bot be the moderator of the room that it hosts.
func moderate(ctx context.Context, cfg Config, room string, host *bot, others ...*bot) error {
	f, err := stage.Follow(ctx, stage.Config{
		URL: cfg.URL, Room: id.Room(room), Token: host.api.AccessToken, HTTPClient: cfg.HTTPClient,
	})
	if err != nil {
		return err
	}
	defer f.Close()
	turns := newTurns(host.user())
	for _, b := range others {
		turns.bots = append(turns.bots, b.user())
	}
	return (&moderator{stage: f, turns: turns, log: cfg.Log}).run(ctx)
}
