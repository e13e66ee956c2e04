package stagelog

import (
	"context"
	"fmt"
	"time"

	"rostrum/services/listenerstate/chain"
)

// Append is what one command adds to a log.
type Append struct {
	// Expect is the head that the command was decided on; the zero head creates the log.
	Expect  chain.Head
	Command Command
	// Remember keeps the command, also where it added nothing.
	Remember bool
	Now      time.Time
	Records  []chain.Record
	Ops      []Op
	// Lifetime ends all keys of the log after a time; 0: they stay.
	Lifetime time.Duration
}

// Append adds records in one step, or nothing. Where the command came before, it answers what it did then. Without
// records it only asks: whether the head is as expected and the command new.
//
// Errors: ErrMoved, ErrLost; any other leaves open whether the records were added.
func (l *Log) Append(ctx context.Context, key chain.Key, a Append) (*Earlier, error) {
	head := a.Expect
	if n := len(a.Records); n > 0 {
		head = a.Records[n-1].Head()
	}
	args := []any{
		flag(a.Expect.Offset == 0), a.Expect.Term, a.Expect.Offset, a.Expect.Hash[:],
		a.Command.Name, a.Command.Payload[:], flag(a.Remember), a.Now.UnixMilli(), CommandLifetime.Milliseconds(),
		a.Lifetime.Milliseconds(), head.Term, head.Offset, head.Hash[:], len(a.Records),
	}
	for _, record := range a.Records {
		args = append(args, record.Position.String(), record.Bytes)
	}
	for _, op := range a.Ops {
		args = op.appendTo(args)
	}
	answer, err := l.append.Run(ctx, l.client, keysOf(key).stored(), args...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("append to stage log %s: %w", key, err)
	}
	switch {
	case len(answer) == 1 && answer[0] == "ok":
		return nil, nil
	case len(answer) == 1 && answer[0] == "moved":
		return nil, ErrMoved
	case len(answer) == 1 && answer[0] == "lost":
		return nil, ErrLost
	case len(answer) == 2 && answer[0] == "again":
		earlier, err := decodeEarlier(answer[1])
		return &earlier, err
	}
	return nil, fmt.Errorf("append to stage log %s: unknown answer %q", key, answer)
}

// Acknowledge says that every event up to a position is held twice: watchers may have them from now on. It does nothing
// in another term.
func (l *Log) Acknowledge(ctx context.Context, key chain.Key, at chain.Position) error {
	k := keysOf(key)
	first := ""
	if at.Offset > keep {
		first = chain.Position{Term: at.Term, Offset: at.Offset - keep + 1}.String()
	}
	args := []any{at.Term, at.Offset, first, Doorbell, ring(key, at)}
	if err := l.acknowledge.Run(ctx, l.client, []string{k.head, k.log}, args...).Err(); err != nil {
		return fmt.Errorf("acknowledge %s in stage log %s: %w", at, key, err)
	}
	return nil
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
