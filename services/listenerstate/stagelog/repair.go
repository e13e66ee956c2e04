package stagelog

import (
	"context"
	"fmt"
	"time"

	"rostrum/services/listenerstate/chain"
)

// Lock takes the repair of a log for a time, under a token that nobody else has; false: another holds it.
func (l *Log) Lock(ctx context.Context, key chain.Key, token string, lifetime time.Duration) (bool, error) {
	taken, err := l.client.SetNX(ctx, keysOf(key).repair, token, lifetime).Result()
	if err != nil {
		return false, fmt.Errorf("take repair of stage log %s: %w", key, err)
	}
	return taken, nil
}

// Unlock gives a repair back that Seed did not end.
func (l *Log) Unlock(ctx context.Context, key chain.Key, token string) error {
	if err := l.unlock.Run(ctx, l.client, []string{keysOf(key).repair}, token).Err(); err != nil {
		return fmt.Errorf("give back repair of stage log %s: %w", key, err)
	}
	return nil
}

// Seed is the start of a new term: where it begins, and what is remembered from before.
type Seed struct {
	// Token is the one that Lock was given.
	Token string
	// Head has the new term, which the archive gave (it is the fencing number: a seed never replaces a head of the same
	// or a higher term), with offset and hash of the last archived event.
	Head     chain.Head
	Commands []Remembered
	Ops      []Op
	Lifetime time.Duration // as in Append
}

// Remembered is a command that a new term still knows.
type Remembered struct {
	Name    string
	Earlier Earlier
	Until   time.Time
}

// Seed starts a new term and ends the repair. Errors: ErrFenced.
func (l *Log) Seed(ctx context.Context, key chain.Key, s Seed) error {
	k := keysOf(key)
	args := []any{
		s.Token, s.Head.Term, s.Head.Offset, s.Head.Hash[:], s.Lifetime.Milliseconds(), Doorbell, ring(key, s.Head.Position),
		len(s.Commands),
	}
	for _, command := range s.Commands {
		args = append(args, command.Name, command.Earlier.encode(), command.Until.UnixMilli())
	}
	for _, op := range s.Ops {
		args = op.appendTo(args)
	}
	seeded, err := l.seed.Run(ctx, l.client, append(k.stored(), k.repair), args...).Int()
	if err != nil {
		return fmt.Errorf("seed stage log %s: %w", key, err)
	}
	if seeded == 0 {
		return ErrFenced
	}
	return nil
}
