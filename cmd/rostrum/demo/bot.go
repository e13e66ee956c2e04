package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
)

// breath is the pause between two lines.
const breath = 700 * time.Millisecond

// bot is one person of the demo: a guest with a seat and a session.
type bot struct {
	cfg     Config
	name    string
	api     *api.Client
	room    string
	speaker *speaker.Speaker
}

func newBot(ctx context.Context, cfg Config, name string) (*bot, error) {
	client := api.New(cfg.URL, api.WithHTTPClient(cfg.HTTPClient))
	if _, err := client.Guest(ctx, name); err != nil {
		return nil, fmt.Errorf("make %s a guest: %w", name, err)
	}
	return &bot{cfg: cfg, name: name, api: client}, nil
}

func (b *bot) takeSeat(ctx context.Context, room string) error {
	joined, err := b.api.Join(ctx, room, api.Join{Role: "speaker"})
	if err != nil {
		return fmt.Errorf("seat %s: %w", b.name, err)
	}
	b.room = room
	b.speaker, err = speaker.Join(ctx, speaker.Config{
		URL: joined.WHIPURL, Token: b.api.Token(), Slots: 2, HTTPClient: b.cfg.HTTPClient,
	})
	if err != nil {
		return fmt.Errorf("connect %s: %w", b.name, err)
	}
	return nil
}

// say plays one line in real time and breathes.
func (b *bot) say(ctx context.Context, packets [][]byte) error {
	if err := b.speaker.Play(ctx, slices.Values(packets)); err != nil {
		return fmt.Errorf("%s speaks: %w", b.name, err)
	}
	select {
	case <-time.After(breath):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *bot) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := b.speaker.Close(ctx); err != nil {
		b.cfg.Log.Debug("a bot left without saying so", "bot", b.name, "error", err)
	}
}
