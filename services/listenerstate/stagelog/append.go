package stagelog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rostrum/services/listenerstate/chain"
)

// Append is what commands that were decided one after the other add to a log.
type Append struct {
	// Expect is the head that the first was decided on; the zero head creates the log.
	Expect   chain.Head
	Commands []Command
	Now      time.Time
	Records  []chain.Record // of all commands, in order
	Ops      []Op
	// Lifetime ends all keys of the log after a time; 0: they stay.
	Lifetime time.Duration
}

// Appended is what became of an append.
type Appended struct {
	// Known are commands that came before. Where there are some, nothing was added.
	Known []Known
	// Enforced is up to where the SFU does what the stage says; zero where that is not known in this term.
	Enforced chain.Position
}

// Known is a command that came before.
type Known struct {
	Index   int // in Append.Commands
	Earlier Earlier
}

// Append adds records in one step, or nothing. Without records it only asks, and remembers: whether the head is as
// expected and the commands new.
//
// Errors: ErrMoved, ErrLost; any other leaves open whether the records were added.
func (l *Log) Append(ctx context.Context, key chain.Key, a Append) (Appended, error) {
	head := a.Expect
	if n := len(a.Records); n > 0 {
		head = a.Records[n-1].Head()
	}
	args := []any{
		flag(a.Expect.Offset == 0), a.Expect.Term, a.Expect.Offset, a.Expect.Hash[:], a.Now.UnixMilli(),
		CommandLifetime.Milliseconds(), a.Lifetime.Milliseconds(), head.Term, head.Offset, head.Hash[:],
		len(a.Commands), len(a.Records),
	}
	for _, command := range a.Commands {
		remember := ""
		if command.Remember {
			remember = command.Earlier.encode()
		}
		args = append(args, command.Name, remember)
	}
	for _, record := range a.Records {
		args = append(args, record.Position.String(), record.Bytes, record.Payload[:])
	}
	for _, op := range a.Ops {
		args = op.appendTo(args)
	}
	answer, err := l.append.Run(ctx, l.client, keysOf(key).stored(), args...).StringSlice()
	if err != nil {
		return Appended{}, fmt.Errorf("append to stage log %s: %w", key, err)
	}
	return decodeAppended(key, answer)
}

func decodeAppended(key chain.Key, answer []string) (Appended, error) {
	var done Appended
	var err error
	switch {
	case len(answer) == 2 && answer[0] == "ok":
		done.Enforced, err = decodeEnforced(answer[1])
		return done, err
	case len(answer) == 1 && answer[0] == "moved":
		return done, ErrMoved
	case len(answer) == 1 && answer[0] == "lost":
		return done, ErrLost
	case len(answer)%2 == 1 && answer[0] == "known":
		for i := 1; i < len(answer); i += 2 {
			var known Known
			if known.Index, err = strconv.Atoi(answer[i]); err != nil {
				return done, fmt.Errorf("append to stage log %s: %w", key, err)
			}
			if known.Earlier, err = decodeEarlier(answer[i+1]); err != nil {
				return done, err
			}
			done.Known = append(done.Known, known)
		}
		return done, nil
	}
	return done, fmt.Errorf("append to stage log %s: unknown answer %q", key, answer)
}

// Acknowledge says that every event up to a position is held twice: watchers may have them from now on. It does nothing
// in another term.
func (l *Log) Acknowledge(ctx context.Context, key chain.Key, at chain.Position) error {
	k := keysOf(key)
	first := ""
	if at.Offset > Keep {
		first = chain.Position{Term: at.Term, Offset: at.Offset - Keep + 1}.String()
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
