package stagelog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// Due is the sorted set of all rooms at which something is due at a time. Its entries are hints: they may be too early,
// and never too late.
const Due = "rostrum:due"

// Hint says that something is due in a room at a time. An earlier hint stays.
func (l *Log) Hint(ctx context.Context, key chain.Key, at time.Time) error {
	entry := redis.ZAddArgs{LT: true, Members: []redis.Z{{Score: float64(at.UnixMilli()), Member: key.String()}}}
	if err := l.client.ZAddArgs(ctx, Due, entry).Err(); err != nil {
		return fmt.Errorf("hint that %s is due: %w", key, err)
	}
	return nil
}

// Claim takes up to most rooms whose time has come, until a time: then they are there again for whoever comes first.
// Entries that are no rooms are passed over.
func (l *Log) Claim(ctx context.Context, now, until time.Time, most int) ([]chain.Key, error) {
	names, err := l.claim.Run(ctx, l.client, []string{Due}, now.UnixMilli(), until.UnixMilli(), most).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("claim rooms that are due: %w", err)
	}
	keys := make([]chain.Key, 0, len(names))
	for _, name := range names {
		if key, err := chain.ParseKey(name); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Release gives a room back that was claimed until a time, with the time at which something is due next, or zero where
// nothing is. It does nothing where a hint or another claim came since.
func (l *Log) Release(ctx context.Context, key chain.Key, until, next time.Time) error {
	score := ""
	if !next.IsZero() {
		score = strconv.FormatInt(next.UnixMilli(), 10)
	}
	if err := l.release.Run(ctx, l.client, []string{Due}, key.String(), until.UnixMilli(), score).Err(); err != nil {
		return fmt.Errorf("release %s: %w", key, err)
	}
	return nil
}
