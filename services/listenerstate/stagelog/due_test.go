package stagelog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

func lendsDueRooms(t *testing.T, l *Log, client redis.UniversalClient) {
	ctx, noon := context.Background(), time.UnixMilli(1_700_000_000_000)
	soon, late, taken := noon.Add(time.Second), noon.Add(time.Minute), noon.Add(3*time.Second)
	a, b, c := newKey(), newKey(), newKey()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	claim := func(now time.Time, want ...chain.Key) {
		t.Helper()
		got, err := l.Claim(ctx, now, taken, 10)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("claimed %v, %v; want %v", got, err, want)
		}
	}
	must(client.Del(ctx, Due).Err())
	must(client.ZAdd(ctx, Due, redis.Z{Score: 1, Member: "no room"}).Err())
	must(l.Hint(ctx, a, late))
	must(l.Hint(ctx, a, soon))
	must(l.Hint(ctx, a, late)) // the earlier one stays
	must(l.Hint(ctx, b, soon.Add(time.Millisecond)))
	must(l.Hint(ctx, c, late.Add(time.Millisecond)))
	claim(noon)
	claim(soon, a)
	claim(soon)
	claim(soon.Add(time.Millisecond), b)
	must(l.Release(ctx, a, taken, late))
	must(l.Hint(ctx, b, soon)) // written while it was taken
	must(l.Release(ctx, b, taken, late))
	must(l.Release(ctx, c, taken, time.Time{})) // not taken at all
	claim(soon, b)
	must(l.Release(ctx, b, taken, time.Time{}))
	claim(taken)
	claim(late.Add(time.Millisecond), a, c)
}
