package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
)

const (
	// breath is the pause between two lines.
	breath = 700 * time.Millisecond
	// reseatWithin is how long a lost session is tried to be opened again: as long as the stage keeps the seat.
	reseatWithin = 30 * time.Second
	firstPause   = 500 * time.Millisecond
)

// bot is one person of the demo: a guest with a seat and a session.
type bot struct {
	cfg     Config
	name    string
	api     *api.Client // renews its tokens
	room    string
	speaker *speaker.Speaker // nil: none now
}

func newBot(ctx context.Context, cfg Config, name string) (*bot, error) {
	client := api.New(cfg.URL, api.WithHTTPClient(cfg.HTTPClient))
	if _, err := client.Guest(ctx, name); err != nil {
		return nil, fmt.Errorf("make %s a guest: %w", name, err)
	}
	return &bot{cfg: cfg, name: name, api: client}, nil
}

func (b *bot) user() string { return b.api.Tokens().User.ID }

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

// say plays one line in real time and breathes. Where the session is lost it is opened again, and the line is left.
func (b *bot) say(ctx context.Context, packets [][]byte) error {
	err := b.speaker.Play(ctx, slices.Values(packets))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		b.cfg.Log.Info("a bot connects again", "bot", b.name, "error", err)
		if err := b.reseat(ctx); err != nil {
			return err
		}
	}
	return rest(ctx, breath)
}

// reseat opens another session, on the seat that the stage keeps meanwhile.
func (b *bot) reseat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reseatWithin)
	defer cancel()
	b.leave(ctx)
	for pause := firstPause; ; pause *= 2 {
		err := b.takeSeat(ctx, b.room)
		if err == nil {
			return nil
		}
		switch api.CodeOf(err) {
		case "ended", "not_found", "forbidden", "removed":
			return err
		}
		if rest(ctx, pause) != nil {
			return err
		}
	}
}

// leave ends the session; the seat stays.
func (b *bot) leave(ctx context.Context) {
	if b.speaker == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := b.speaker.Close(ctx); err != nil {
		b.cfg.Log.Debug("a bot left without saying so", "bot", b.name, "error", err)
	}
	b.speaker = nil
}

func rest(ctx context.Context, pause time.Duration) error {
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
