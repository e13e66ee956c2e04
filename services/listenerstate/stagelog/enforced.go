package stagelog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rostrum/services/listenerstate/chain"
)

// ErrAhead says that a position is above the newest.
var ErrAhead = errors.New("the stage log has not come so far")

// Enforce notes up to which position the SFU does what the stage says. A position of an older term or below the one
// noted, and a report of a lower epoch, change nothing; a higher epoch fences the lower ones. Errors: ErrAhead, ErrLost.
func (l *Log) Enforce(ctx context.Context, key chain.Key, epoch uint64, at chain.Position) error {
	args := []any{epoch, at.Term, at.Offset, l.bell.Plain(), ring(key, at)}
	answer, err := l.enforce.Run(ctx, l.client, []string{keysOf(key).head}, args...).Text()
	if err != nil {
		return fmt.Errorf("note %s as enforced in stage log %s: %w", at, key, err)
	}
	switch answer {
	case "rose":
		l.ringBehind(ctx, key, at)
		return nil
	case "ok":
		return nil
	case "ahead":
		return ErrAhead
	case "lost":
		return ErrLost
	}
	return fmt.Errorf("note %s as enforced in stage log %s: unknown answer %q", at, key, answer)
}

// decodeEnforced reads "epoch term-offset"; what is empty was never noted.
func decodeEnforced(text string) (chain.Position, error) {
	if text == "" {
		return chain.Position{}, nil
	}
	_, position, _ := strings.Cut(text, " ")
	at, err := chain.ParsePosition(position)
	if err != nil {
		return at, fmt.Errorf("decode what is enforced: %w", err)
	}
	return at, nil
}
