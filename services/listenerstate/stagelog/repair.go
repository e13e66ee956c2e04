package stagelog

import (
	"context"
	"errors"
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
	// Snapshot is of the stage at Head; nil where the log keeps none.
	Snapshot []byte
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
		s.Token, s.Head.Term, s.Head.Offset, s.Head.Hash[:], s.Lifetime.Milliseconds(), l.bell.Plain(), ring(key, s.Head.Position),
		len(s.Commands), flag(l.guarded), s.Snapshot,
	}
	for _, command := range s.Commands {
		args = append(args, command.Name, command.Earlier.encode(), command.Until.UnixMilli())
	}
	for _, op := range s.Ops {
		args = op.appendTo(args)
	}
	seeded, err := l.seed.Run(ctx, l.client, k.stored(), args...).Int()
	if err != nil {
		return fmt.Errorf("seed stage log %s: %w", key, err)
	}
	if seeded == 0 {
		return ErrFenced
	}
	l.ringBehind(ctx, key, s.Head.Position)
	return nil
}

// Trust says that a guarded log is as it should be, and ends the repair. Errors: ErrFenced.
func (l *Log) Trust(ctx context.Context, key chain.Key, token string) error {
	k := keysOf(key)
	trusted, err := l.trust.Run(ctx, l.client, []string{k.head, k.repair}, token).Int()
	if err != nil {
		return fmt.Errorf("trust stage log %s: %w", key, err)
	}
	if trusted == 0 {
		return ErrFenced
	}
	return nil
}

// errOlderArchive is no divergence that a repair could end: positions would come twice.
var errOlderArchive = errors.New("the archive is of an older term than the log")

// Condemn makes a log lost for everyone, and prolongs the repair: after it nothing is added in the term that the archive
// has. Errors: ErrFenced.
func (l *Log) Condemn(ctx context.Context, key chain.Key, token string, archived uint64, lifetime time.Duration) error {
	k := keysOf(key)
	answer, err := l.condemn.Run(ctx, l.client, []string{k.head, k.repair}, token, archived, lifetime.Milliseconds()).Text()
	switch {
	case err != nil:
		return fmt.Errorf("condemn stage log %s: %w", key, err)
	case answer == "fenced":
		return ErrFenced
	case answer == "newer":
		return fmt.Errorf("condemn stage log %s: %w", key, errOlderArchive)
	}
	return nil
}
