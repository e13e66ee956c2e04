package stagelog

import (
	"context"
	"strings"
	"time"

	"rostrum/services/listenerstate/chain"
)

// ring is what the doorbell says: whose log went on. Where it stands now is read from the log itself.
func ring(key chain.Key, at chain.Position) string { return key.String() + " " + at.String() }

// callWord is what the doorbell says beside a room when its repair asks for offers.
const callWord = "offer "

// What instances say of themselves, in place of a room.
const (
	hereWord  = "here "
	leaveWord = "leaves "
)

// Listener hears the doorbell. Its functions must return at once, and may be called at the same time. What it hears are
// hints: they may be lost, doubled or late.
type Listener struct {
	// Rung: a log went on.
	Rung func(chain.Key)
	// Called: a repair wants offers under its token.
	Called func(key chain.Key, token string)
	// Told: an instance is there, or leaves.
	Told func(instance string, leaves bool)
	// Missed: something may have been missed, at the start and after every lost connection.
	Missed func()
}

// Listen hears the doorbell until ctx ends.
func (l *Log) Listen(ctx context.Context, listener Listener) {
	l.bell.Listen(ctx, listener.hear, listener.Missed)
}

// ringMost bounds a ring: the bell of a room may hang at a shard that is away while the room's own is there.
const ringMost = 100 * time.Millisecond

// ringBehind rings behind a script that was not allowed to. A ring that fails is lost like any other: watchers look by
// themselves, too.
func (l *Log) ringBehind(ctx context.Context, key chain.Key, at chain.Position) {
	if l.bell.Plain() != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ringMost)
	defer cancel()
	_, _ = l.bell.Ring(ctx, keysOf(key).head, ring(key, at))
}

// Tell says to every instance that one is there, or leaves.
func (l *Log) Tell(ctx context.Context, instance string, leaves bool) error {
	word := hereWord
	if leaves {
		word = leaveWord
	}
	_, err := l.bell.Ring(ctx, instance, word+instance)
	return err
}

func (l Listener) hear(said string) {
	for _, word := range []string{hereWord, leaveWord} {
		if instance, told := strings.CutPrefix(said, word); told {
			if l.Told != nil && instance != "" && len(instance) <= tokenMost {
				l.Told(instance, word == leaveWord)
			}
			return
		}
	}
	name, what, _ := strings.Cut(said, " ")
	key, err := chain.ParseKey(name)
	if err != nil {
		return
	}
	if token, called := strings.CutPrefix(what, callWord); called {
		if l.Called != nil && len(token) <= tokenMost {
			l.Called(key, token)
		}
		return
	}
	l.Rung(key)
}
