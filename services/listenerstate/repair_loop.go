package listenerstate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// repairLifetime is how long a repair is held; it takes milliseconds.
const repairLifetime = 5 * time.Second

// repair starts a new term of a log from what the archive has, and with AcknowledgeLog from what instances have. What was
// never acknowledged may be lost by it. The caller has the turn; errAgain says that another instance is at it.
func (s *Service) repair(ctx context.Context, k *keeper, reason string) error {
	token := rand.Text()
	taken, err := s.log.Lock(ctx, k.key, token, repairLifetime)
	if err != nil {
		return fault.Unavailable(err, "the stage log cannot be reached; try again")
	}
	if !taken {
		return errAgain
	}
	restart := s.restart
	if s.logFirst {
		restart = s.recover
	}
	head, err := restart(ctx, k, token)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	if unlockErr := s.log.Unlock(after, k.key, token); unlockErr != nil && err == nil {
		err = unlockErr // it ends by itself
	}
	switch {
	case errors.Is(err, stagelog.ErrFenced):
		return errAgain
	case err != nil:
		return fault.Unavailable(err, "the stage cannot be repaired; try again")
	case head.Offset > 0:
		s.metrics.repairs.WithLabelValues(reason).Inc()
		s.logger.Warn("stage log repaired", "app", k.key.App, "room", k.key.Room, "reason", reason, "position", head.Position.String())
	}
	return nil
}

// restart seeds the new term. The zero head says that there was nothing to do any more.
func (s *Service) restart(ctx context.Context, k *keeper, token string) (chain.Head, error) {
	err := s.load(ctx, k)
	if err == nil || !errors.Is(err, stagelog.ErrLost) && !errors.Is(err, errDiverged) {
		return chain.Head{}, err // another instance was faster, or it cannot be known
	}
	return s.reseed(ctx, k, token)
}

// reseed seeds a new term from the archive.
func (s *Service) reseed(ctx context.Context, k *keeper, token string) (chain.Head, error) {
	claimed, err := s.archive.Claim(ctx, k.key)
	if err != nil {
		return chain.Head{}, err
	}
	if claimed.Offset == 0 {
		return chain.Head{}, fmt.Errorf("the log of %s does not fold and the archive has nothing of it", k.key)
	}
	a, err := s.fromArchive(ctx, k.key)
	if err != nil {
		return chain.Head{}, err
	}
	commands, err := s.rememberedCommands(ctx, k.key, a.head)
	if err != nil {
		return chain.Head{}, err
	}
	seed := stagelog.Seed{
		Token: token, Head: a.head, Commands: commands, Ops: projectStage(a.stage), Lifetime: lifetime(a.stage),
	}
	if s.logFirst {
		if seed.Snapshot, err = encodeSnapshot(k.key, a.stage, a.head); err != nil {
			return chain.Head{}, err
		}
	}
	if err := s.log.Seed(ctx, k.key, seed); err != nil {
		return chain.Head{}, err
	}
	if s.logFirst {
		s.leaveTerm(ctx, k, a.head.Offset)
		k.doubted = false
	}
	k.reset(a)
	edition, _ := k.which()
	k.noteMarked(edition, a.head.Position)
	k.loaded = true
	return a.head, nil
}

// rememberedCommands answers the commands of the newest events that a repeated request may still name.
func (s *Service) rememberedCommands(ctx context.Context, key chain.Key, head chain.Head) ([]stagelog.Remembered, error) {
	first := uint64(1)
	if head.Offset > stagelog.Keep {
		first = head.Offset - stagelog.Keep + 1
	}
	var commands []stagelog.Remembered
	for from := first; from <= head.Offset; {
		records, err := s.archive.Read(ctx, key, from, pageSize)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 {
			return nil, fmt.Errorf("the archive of %s ends before %s", key, head.Position)
		}
		for _, record := range records {
			e, err := decodeEvent(key, record.Bytes)
			if err != nil {
				return nil, err
			}
			commands = remember(commands, e, record)
		}
		from += uint64(len(records))
	}
	if first > 1 {
		commands = commands[1:] // its first events may not be among those read
	}
	now := s.now()
	return slices.DeleteFunc(commands, func(c stagelog.Remembered) bool { return !c.Until.After(now) }), nil
}

// remember adds an event to the commands of those before it.
func remember(commands []stagelog.Remembered, e Event, record chain.Record) []stagelog.Remembered {
	name, last := commandName(e.Actor, e.Command), len(commands)-1
	if last >= 0 && commands[last].Name == name {
		commands[last].Earlier.Last = record.Position
		commands[last].Earlier.Events++
		return commands
	}
	return append(commands, stagelog.Remembered{
		Name: name, Until: e.WallTime.Add(stagelog.CommandLifetime),
		Earlier: stagelog.Earlier{Payload: record.Payload, Last: record.Position, Events: 1},
	})
}

// commandName is unique among the commands of all actors of a room.
func commandName(by Actor, command id.Command) string { return by.String() + " " + string(command) }

// lifetime is how long a stage's keys stay in Redis.
func lifetime(stage Stage) time.Duration {
	if stage.State == StateEnded {
		return endedLifetime
	}
	return 0
}
