package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

const (
	// lookEvery is how often the moderator looks at the clock where nothing happens.
	lookEvery = 5 * time.Second
	// restBetween bounds how often it looks where much does: a crowd is looked at as a whole.
	restBetween = 100 * time.Millisecond
	// commandWithin bounds one command.
	commandWithin = 10 * time.Second
)

// follower is a stage that is followed (stage.Follower).
type follower interface {
	Next(context.Context) (stage.Item, error)
	Stage() stage.Stage
	Do(context.Context, stage.Command) (stage.Answer, error)
}

// moderator gives the demo's seats to visitors and takes them back.
type moderator struct {
	stage follower
	turns *turns
	log   *slog.Logger
	// done is where the last command was done: before the stage has come there, it is not looked at.
	done api.Position
}

// run moderates until the room or ctx ends.
func (m *moderator) run(ctx context.Context) error {
	for {
		if err := m.listen(ctx); err != nil {
			return err
		}
		now := m.stage.Stage()
		if m.done.After(now.Position) {
			continue
		}
		for _, command := range m.turns.decide(now.Stage, time.Now()) {
			if err := m.do(ctx, command); err != nil {
				return err
			}
		}
		select {
		case <-time.After(restBetween):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listen waits for news, or until it is time to look at the clock.
func (m *moderator) listen(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	_, err := m.stage.Next(bounded)
	if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow the demo's stage: %w", err)
	}
	return nil
}

// do gives a command. One that is refused is decided anew: the stage has gone on.
func (m *moderator) do(ctx context.Context, command stage.Command) error {
	bounded, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	answer, err := m.stage.Do(bounded, command)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		m.log.Debug("the demo's moderator was refused", "command", command.Do, "error", err)
		return nil
	}
	if answer.Position.After(m.done) {
		m.done = answer.Position
	}
	return nil
}
