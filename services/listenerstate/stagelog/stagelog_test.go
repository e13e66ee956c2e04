package stagelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// TestContract runs every case against the embedded Redis and a real one.
func TestContract(t *testing.T) {
	cases := map[string]func(*testing.T, *Log, redis.UniversalClient){
		"appends and reads":              appendsAndReads,
		"refuses what is not expected":   refusesTheUnexpected,
		"knows a command again":          knowsCommandsAgain,
		"forgets commands in time":       forgetsCommands,
		"asks without appending":         asksWithoutAppending,
		"acknowledges and rings":         acknowledgesAndRings,
		"trims what is acknowledged":     trims,
		"keeps structures beside":        keepsStructures,
		"seeds a new term":               seedsANewTerm,
		"fences late repairs":            fencesLateRepairs,
		"ends the keys of an ended room": endsKeys,
	}
	servers := map[string]func(*testing.T) string{
		"miniredis":    func(t *testing.T) string { return miniredis.RunT(t).Addr() },
		"redis-server": func(t *testing.T) string { return testkit.Redis(t) },
	}
	for server, start := range servers {
		t.Run(server, func(t *testing.T) {
			client := redis.NewClient(&redis.Options{Addr: start(t)})
			t.Cleanup(func() { client.Close() })
			for name, run := range cases {
				t.Run(name, func(t *testing.T) { run(t, New(client), client) })
			}
		})
	}
}

func newKey() chain.Key { return chain.Key{App: id.Main, Room: id.NewRoom()} }

// records are n records behind head, with bytes that no text encoding survives.
func records(head chain.Head, n int) []chain.Record {
	var out []chain.Record
	for i := range n {
		at := chain.Position{Term: max(head.Term, 1), Offset: head.Offset + uint64(i) + 1}
		out = append(out, chain.Record{Position: at, Payload: chain.Sum([]byte("p")), Bytes: []byte("\x00\xff\r\n" + at.String())})
	}
	return out
}

// grow appends n records as one command and answers the head after them.
func grow(t *testing.T, l *Log, key chain.Key, head chain.Head, command string, n int) chain.Head {
	t.Helper()
	added := records(head, n)
	earlier, err := l.Append(context.Background(), key, Append{
		Expect: head, Command: Command{command, chain.Sum([]byte("p"))}, Remember: true, Now: time.Now(), Records: added,
	})
	if err != nil || earlier != nil {
		t.Fatalf("append %s: %v, %v", command, earlier, err)
	}
	return added[n-1].Head()
}

func read(t *testing.T, l *Log, key chain.Key, after chain.Position) Page {
	t.Helper()
	page, err := l.Read(context.Background(), key, after, 2000)
	if err != nil {
		t.Fatalf("read after %s: %v", after, err)
	}
	return page
}

func appendsAndReads(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	if _, err := l.Read(context.Background(), key, chain.Position{}, 10); !errors.Is(err, ErrLost) {
		t.Fatalf("a log that was never made: %v", err)
	}
	first := grow(t, l, key, chain.Head{}, "a", 2)
	last := grow(t, l, key, first, "b", 3)
	page := read(t, l, key, chain.Position{})
	if page.Head != last || page.Acked != 0 || len(page.Records) != 5 {
		t.Fatalf("%+v, want head %+v and 5 records", page, last)
	}
	want := append(records(chain.Head{}, 2), records(first, 3)...)
	for i, record := range page.Records {
		if record.Position != want[i].Position || record.Payload != want[i].Payload || !bytes.Equal(record.Bytes, want[i].Bytes) {
			t.Errorf("record %d is %+v, want %+v", i, record, want[i])
		}
	}
	if page := read(t, l, key, first.Position); len(page.Records) != 3 || page.Records[0].Offset != 3 {
		t.Errorf("after %s: %+v", first.Position, page.Records)
	}
	if page := read(t, l, key, last.Position); len(page.Records) != 0 {
		t.Errorf("after the end: %+v", page.Records)
	}
}

func refusesTheUnexpected(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	head := grow(t, l, key, chain.Head{}, "a", 2)
	otherHash, otherTerm := head, head
	otherHash.Hash[0]++
	otherTerm.Term++
	for name, c := range map[string]struct {
		key    chain.Key
		expect chain.Head
		want   error
	}{
		"created again":    {key, chain.Head{}, ErrMoved},
		"an older head":    {key, records(chain.Head{}, 1)[0].Head(), ErrMoved},
		"another hash":     {key, otherHash, ErrMoved},
		"another term":     {key, otherTerm, ErrMoved},
		"a log not there":  {newKey(), head, ErrLost},
		"a head not there": {newKey(), otherTerm, ErrLost},
	} {
		a := Append{Expect: c.expect, Command: Command{Name: "x"}, Remember: true, Now: time.Now(), Records: records(c.expect, 1)}
		if _, err := l.Append(context.Background(), c.key, a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if page := read(t, l, key, chain.Position{}); page.Head != head || len(page.Records) != 2 {
		t.Errorf("refused appends left %+v", page)
	}
}

func knowsCommandsAgain(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	first := grow(t, l, key, chain.Head{}, "us_1 a", 2)
	head := grow(t, l, key, first, "us_1 b", 1)
	for _, expect := range []chain.Head{head, first, {}} {
		earlier, err := l.Append(context.Background(), key, Append{
			Expect: expect, Command: Command{"us_1 a", chain.Sum([]byte("other"))}, Now: time.Now(), Records: records(expect, 1),
		})
		want := Earlier{chain.Sum([]byte("p")), first.Position, 2}
		if err != nil || earlier == nil || *earlier != want {
			t.Errorf("decided on %s: %+v, %v; want %+v", expect.Position, earlier, err, want)
		}
	}
}

func forgetsCommands(t *testing.T, l *Log, client redis.UniversalClient) {
	key, now := newKey(), time.Now()
	head := chain.Head{}
	for i := range 40 {
		added := records(head, 1)
		a := Append{Expect: head, Command: Command{Name: fmt.Sprint("c", i)}, Remember: true, Now: now, Records: added}
		if _, err := l.Append(context.Background(), key, a); err != nil {
			t.Fatal(err)
		}
		head = added[0].Head()
	}
	later := now.Add(CommandLifetime + time.Second)
	for i := range 4 { // the last of them is a name that was used before
		added := records(head, 1)
		a := Append{Expect: head, Command: Command{Name: fmt.Sprint("c", 42-i)}, Remember: true, Now: later, Records: added}
		if earlier, err := l.Append(context.Background(), key, a); err != nil || earlier != nil {
			t.Fatalf("after its time: %+v, %v", earlier, err)
		}
		head = added[0].Head()
	}
	k := keysOf(key)
	names, due := client.HLen(context.Background(), k.commands).Val(), client.ZCard(context.Background(), k.due).Val()
	if names != 4 || due != 4 {
		t.Errorf("%d names and %d times are remembered, want 4", names, due)
	}
}

func asksWithoutAppending(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	ask := Append{Command: Command{Name: "q"}, Now: time.Now()}
	if earlier, err := l.Append(context.Background(), key, ask); err != nil || earlier != nil {
		t.Fatalf("nothing on nothing: %+v, %v", earlier, err)
	}
	if _, err := l.Read(context.Background(), key, chain.Position{}, 1); !errors.Is(err, ErrLost) {
		t.Fatalf("asking made a log: %v", err)
	}
	ask.Expect = grow(t, l, key, chain.Head{}, "a", 1)
	for _, remember := range []bool{false, false, true} {
		ask.Remember = remember
		if earlier, err := l.Append(context.Background(), key, ask); err != nil || earlier != nil {
			t.Fatalf("remember %v: %+v, %v", remember, earlier, err)
		}
	}
	earlier, err := l.Append(context.Background(), key, ask)
	if err != nil || earlier == nil || earlier.Events != 0 || earlier.Last != ask.Expect.Position {
		t.Errorf("a command without events is known as %+v, %v", earlier, err)
	}
}

func acknowledgesAndRings(t *testing.T, l *Log, _ redis.UniversalClient) {
	ctx, stop := context.WithCancel(context.Background())
	heard, missed, done := make(chan chain.Key, 16), make(chan struct{}, 16), make(chan struct{})
	go func() {
		defer close(done)
		l.Listen(ctx, func(key chain.Key) { heard <- key }, func() { missed <- struct{}{} })
	}()
	<-missed
	key := newKey()
	head := grow(t, l, key, chain.Head{}, "a", 3)
	for _, c := range []struct {
		at   chain.Position
		want uint64
	}{{chain.Position{Term: 1, Offset: 2}, 2}, {chain.Position{Term: 1, Offset: 1}, 2}, {chain.Position{Term: 2, Offset: 3}, 2}, {head.Position, 3}} {
		if err := l.Acknowledge(ctx, key, c.at); err != nil {
			t.Fatal(err)
		}
		if got := read(t, l, key, chain.Position{}).Acked; got != c.want {
			t.Errorf("after %s: %d is acknowledged, want %d", c.at, got, c.want)
		}
	}
	for range 2 {
		if got := <-heard; got != key {
			t.Errorf("the doorbell says %s, want %s", got, key)
		}
	}
	stop()
	<-done
	if len(heard) != 0 {
		t.Errorf("it rang %d times more", len(heard))
	}
}

func trims(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	head := grow(t, l, key, chain.Head{}, "a", keep)
	head = grow(t, l, key, head, "b", 100)
	at := chain.Position{Term: 1, Offset: keep + 10}
	if err := l.Acknowledge(context.Background(), key, at); err != nil {
		t.Fatal(err)
	}
	page := read(t, l, key, chain.Position{})
	if n := len(page.Records); n != keep+90 || page.Records[0].Offset != 11 || page.Head != head {
		t.Errorf("%d records from %d on", n, page.Records[0].Offset)
	}
}

func keepsStructures(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	put := func(head chain.Head, ops ...Op) chain.Head {
		added := records(head, 1)
		a := Append{Expect: head, Command: Command{Name: head.Position.String()}, Now: time.Now(), Records: added, Ops: ops}
		if _, err := l.Append(ctx, key, a); err != nil {
			t.Fatal(err)
		}
		return added[0].Head()
	}
	seats := func() string { return fmt.Sprint(client.HGetAll(ctx, keysOf(key).seats).Val()) }
	head := put(chain.Head{}, Op{OpSet, Seats, "1", "us_1"}, Op{OpSet, Seats, "2", "us_2"})
	head = put(head, Op{Kind: OpRemove, Target: Seats, Field: "1"}, Op{OpSet, Seats, "3", "us_3"})
	if got := seats(); got != "map[2:us_2 3:us_3]" {
		t.Errorf("seats are %s", got)
	}
	put(head, Op{Kind: OpClear, Target: Seats})
	if got := seats(); got != "map[]" {
		t.Errorf("cleared seats are %s", got)
	}
}

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
	earlier := Earlier{chain.Sum([]byte("p")), head.Position, 2}
	seeded := chain.Head{Position: chain.Position{Term: 2, Offset: 4}, Hash: records(chain.Head{}, 4)[3].Head().Hash}
	err := l.Seed(ctx, key, Seed{
		Token: "token", Head: seeded, Commands: []Remembered{{"us_1 a", earlier, time.Now().Add(time.Minute)}}, Ops: []Op{{OpSet, Seats, "1", "us_1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, l, key, chain.Position{})
	if page.Head != seeded || page.Acked != 4 || len(page.Records) != 0 {
		t.Errorf("seeded %+v, want head %+v", page, seeded)
	}
	got, err := l.Append(ctx, key, Append{Expect: seeded, Command: Command{Name: "us_1 a"}, Now: time.Now()})
	if err != nil || got == nil || *got != earlier {
		t.Errorf("the command is known as %+v, %v", got, err)
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

func endsKeys(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	a := Append{
		Command: Command{Name: "a"}, Remember: true, Now: time.Now(), Records: records(chain.Head{}, 1), Lifetime: time.Hour,
		Ops: []Op{{OpSet, Seats, "1", "us_1"}},
	}
	if _, err := l.Append(ctx, key, a); err != nil {
		t.Fatal(err)
	}
	for _, name := range keysOf(key).stored() {
		if left := client.PTTL(ctx, name).Val(); left <= 0 || left > time.Hour {
			t.Errorf("%s lives %v", name, left)
		}
	}
}
