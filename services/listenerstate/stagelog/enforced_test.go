package stagelog

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

func notesWhatIsEnforced(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	if err := l.Enforce(ctx, key, 1, chain.Position{Term: 1, Offset: 1}); !errors.Is(err, ErrLost) {
		t.Errorf("in a log that is not there: %v", err)
	}
	head := grow(t, l, key, chain.Head{}, "a", 1000)
	for _, c := range []struct {
		epoch uint64
		at    chain.Position
		want  uint64
		err   error
	}{
		{7, chain.Position{Term: 1, Offset: 99}, 99, nil},
		{7, chain.Position{Term: 1, Offset: 98}, 99, nil},
		{7, chain.Position{Term: 1, Offset: 100}, 100, nil},
		{6, chain.Position{Term: 1, Offset: 101}, 100, nil},
		{7, chain.Position{Term: 1, Offset: 1001}, 100, ErrAhead},
		{7, chain.Position{Term: 2, Offset: 1}, 100, ErrAhead},
		{7, chain.Position{Term: 0, Offset: 500}, 100, nil},
		{10, chain.Position{Term: 1, Offset: 50}, 100, nil}, // and fences those below
		{9, chain.Position{Term: 1, Offset: 110}, 100, nil},
		{10, chain.Position{Term: 1, Offset: 120}, 120, nil},
		{1 << 63, chain.Position{Term: 1, Offset: 121}, 121, nil},
		{1<<63 - 1, chain.Position{Term: 1, Offset: 122}, 121, nil},
	} {
		if err := l.Enforce(ctx, key, c.epoch, c.at); !errors.Is(err, c.err) {
			t.Errorf("epoch %d at %s: %v, want %v", c.epoch, c.at, err, c.err)
		}
		if got := read(t, l, key, chain.Position{}).Enforced; got != (chain.Position{Term: 1, Offset: c.want}) {
			t.Errorf("after epoch %d at %s: %s, want %d", c.epoch, c.at, got, c.want)
		}
	}
	done, err := l.Append(ctx, key, Append{Expect: head, Now: time.Now()})
	if err != nil || done.Enforced.Offset != 121 {
		t.Errorf("an append answers %+v, %v", done, err)
	}
}
