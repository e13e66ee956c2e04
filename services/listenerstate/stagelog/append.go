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
	// Wait is how long the append waits at most for a replica to have it; 0: not at all.
	Wait time.Duration
}

// Appended is what became of an append.
type Appended struct {
	// Known are commands that came before. Where there are some, nothing was added.
	Known []Known
	// Enforced is up to where the SFU does what the stage says; zero where that is not known in this term.
	Enforced chain.Position
	// Life is that of Redis in which it was done; "" of a log that is not guarded.
	Life string
	// Replicated says that a replica has what was appended: records, and all before them.
	Replicated bool
}

// Known is a command that came before.
type Known struct {
	Index   int // in Append.Commands
	Earlier Earlier
}

// Append adds records in one step, or nothing. Without records it only asks, and remembers: whether the head is as
// expected and the commands new.
//
// Errors: ErrMoved, ErrLost, and of a guarded log ErrRepairing, ErrRestarted; any other leaves open whether the records were added.
func (l *Log) Append(ctx context.Context, key chain.Key, a Append) (Appended, error) {
	head := a.Expect
	if n := len(a.Records); n > 0 {
		head = a.Records[n-1].Head()
	}
	args := []any{
		flag(a.Expect.Offset == 0), a.Expect.Term, a.Expect.Offset, a.Expect.Hash[:], a.Now.UnixMilli(),
		CommandLifetime.Milliseconds(), a.Lifetime.Milliseconds(), head.Term, head.Offset, head.Hash[:],
		len(a.Commands), len(a.Records), flag(l.guarded),
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
	answered, replicas, err := l.run(ctx, l.append, keysOf(key).stored(), args, a.Wait)
	if err != nil {
		return Appended{}, fmt.Errorf("append to stage log %s: %w", key, err)
	}
	answer, err := answered.StringSlice()
	if err != nil {
		return Appended{}, fmt.Errorf("append to stage log %s: %w", key, err)
	}
	done, err := decodeAppended(key, answer)
	// A script that wrote nothing leaves nothing to wait for.
	done.Replicated = err == nil && len(a.Records) > 0 && len(done.Known) == 0 && replicas > 0
	return done, err
}

func decodeAppended(key chain.Key, answer []string) (Appended, error) {
	var done Appended
	var err error
	switch {
	case len(answer) == 3 && answer[0] == "ok":
		done.Life = answer[2]
		done.Enforced, err = decodeEnforced(answer[1])
		return done, err
	case len(answer) == 1:
		return done, refusal(answer[0])
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

// Acknowledge says that every event up to a position is held twice: watchers may have them from now on. Where the log is
// not the one that has the position any more, it does nothing; of a guarded log the errors are ErrMoved, ErrLost,
// ErrRepairing and ErrRestarted then: the events must not be acknowledged. In another life than the one in which the caller
// knows the log ("": whichever) another event may stand at the position.
func (l *Log) Acknowledge(ctx context.Context, key chain.Key, at chain.Position, life string) error {
	k := keysOf(key)
	first := "" // what is guarded is cut by Archived
	if at.Offset > Keep && !l.guarded {
		first = chain.Position{Term: at.Term, Offset: at.Offset - Keep + 1}.String()
	}
	args := []any{at.Term, at.Offset, first, l.bell.Plain(), ring(key, at), flag(l.guarded), life}
	answer, err := l.acknowledge.Run(ctx, l.client, []string{k.head, k.log, k.repair}, args...).Text()
	switch {
	case err != nil:
	case answer == "rose":
		l.ringBehind(ctx, key, at)
	case answer != "held" && l.guarded:
		err = refusal(answer)
	}
	if err != nil {
		return fmt.Errorf("acknowledge %s in stage log %s: %w", at, key, err)
	}
	return nil
}

// refusal is the error for what a script answers instead of doing it.
func refusal(answer string) error {
	switch answer {
	case "moved":
		return ErrMoved
	case "lost":
		return ErrLost
	case "repairing":
		return ErrRepairing
	case "restarted":
		return ErrRestarted
	}
	return fmt.Errorf("unknown answer %q", answer)
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}
