package stagelog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

func seedsANewTerm(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := grow(t, l, key, chain.Head{}, "a", 5)
	if err := client.Del(ctx, keysOf(key).head).Err(); err != nil {
		t.Fatal(err)
	}
	if taken, err := l.Lock(ctx, key, "token", time.Minute); err != nil || !taken {
		t.Fatalf("lock: %v, %v", taken, err)
	}
	if taken, err := l.Lock(ctx, key, "other", time.Minute); err != nil || taken {
		t.Fatalf("a second lock: %v, %v", taken, err)
	}
	before := earlier(head.Position, 2)
	seeded := chain.Head{Position: chain.Position{Term: 2, Offset: 4}, Hash: records(chain.Head{}, 4)[3].Head().Hash}
	err := l.Seed(ctx, key, Seed{
		Token: "token", Head: seeded, Commands: []Remembered{{"us_1 a", before, time.Now().Add(time.Minute)}},
		Ops: []Op{{OpSet, Seats, "1", "us_1"}, {OpAdd, Hands, "us_2", "3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, l, key, chain.Position{})
	if page.Head != seeded || page.Acked != 4 || len(page.Records) != 0 {
		t.Errorf("seeded %+v, want head %+v", page, seeded)
	}
	k := keysOf(key)
	seats, hands := client.HGetAll(ctx, k.seats).Val(), client.ZRangeWithScores(ctx, k.hands, 0, -1).Val()
	if got := fmt.Sprint(seats, hands); got != "map[1:us_1] [{3 us_2}]" {
		t.Errorf("beside the log there are %s", got)
	}
	done, err := l.Append(ctx, key, Append{Expect: seeded, Commands: []Command{{Name: "us_1 a"}}, Now: time.Now()})
	if got := known(t, done, err); got[0] != before {
		t.Errorf("the command is known as %+v", got)
	}
	grow(t, l, key, seeded, "b", 1)
	if taken, err := l.Lock(ctx, key, "next", time.Minute); err != nil || !taken {
		t.Errorf("the repair is not over: %v, %v", taken, err)
	}
	if err := l.Unlock(ctx, key, "next"); err != nil {
		t.Error(err)
	}
}

func fencesLateRepairs(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	seed := func(token string, term uint64) error {
		return l.Seed(ctx, key, Seed{Token: token, Head: chain.Head{Position: chain.Position{Term: term, Offset: 1}}})
	}
	lock := func(token string) {
		if taken, err := l.Lock(ctx, key, token, time.Minute); err != nil || !taken {
			t.Fatalf("lock %s: %v, %v", token, taken, err)
		}
	}
	if err := seed("none", 2); !errors.Is(err, ErrFenced) {
		t.Errorf("without a lock: %v", err)
	}
	lock("a")
	if err := l.Unlock(ctx, key, "b"); err != nil {
		t.Fatal(err)
	}
	if err := seed("b", 2); !errors.Is(err, ErrFenced) {
		t.Errorf("with another's lock: %v", err)
	}
	if err := seed("a", 3); err != nil {
		t.Fatal(err)
	}
	lock("c")
	for _, term := range []uint64{2, 3} {
		if err := seed("c", term); !errors.Is(err, ErrFenced) {
			t.Errorf("term %d over term 3: %v", term, err)
		}
	}
	if err := seed("c", 4); err != nil {
		t.Errorf("a higher term: %v", err)
	}
}
