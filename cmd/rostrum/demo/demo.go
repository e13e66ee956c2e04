// Package demo owns the demo room: two bots on a stage that talk real speech in turn, as any program could with the
// client packages.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"rostrum/client/api"
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

// perform opens a room, seats the bots and lets them talk.
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
		Title: "The lighthouse keepers", Description: "Two small programs in conversation. There are free seats.",
		Language: "en", OpenStage: true, OpenListening: true,
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
		if err := b.takeSeat(ctx, room.ID); err != nil {
			return err
		}
		defer b.leave(context.WithoutCancel(ctx))
	}
	cfg.Log.Info("the demo room talks", "room", room.ID)
	for {
		for _, l := range dialogue {
			if err := bots[l.voice].say(ctx, l.packets); err != nil {
				return err
			}
		}
	}
}
