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
		"appends many commands at once":  appendsManyCommands,
		"notes what is enforced":         notesWhatIsEnforced,
		"lends rooms that are due":       lendsDueRooms,
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
	last := added[n-1].Head()
	done, err := l.Append(context.Background(), key, Append{
		Expect: head, Commands: []Command{{command, true, earlier(last.Position, n)}}, Now: time.Now(), Records: added,
	})
	if err != nil || len(done.Known) > 0 {
		t.Fatalf("append %s: %+v, %v", command, done, err)
	}
	return last
}

// earlier is what a command of n events did that ended at a position.
func earlier(last chain.Position, n int) Earlier {
	return Earlier{chain.Sum([]byte("p")), last, uint64(n)}
}

// known are the commands that an append found, by index.
func known(t *testing.T, done Appended, err error) map[int]Earlier {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]Earlier{}
	for _, k := range done.Known {
		found[k.Index] = k.Earlier
	}
	return found
}

func read(t *testing.T, l *Log, key chain.Key, after chain.Position) Page {
	t.Helper()
	page, err := l.Read(context.Background(), key, after, 2*Keep)
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
		a := Append{Expect: c.expect, Commands: []Command{{Name: "x", Remember: true}}, Now: time.Now(), Records: records(c.expect, 1)}
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
		done, err := l.Append(context.Background(), key, Append{
			Expect: expect, Commands: []Command{{"us_1 a", true, earlier(expect.Position, 1)}}, Now: time.Now(), Records: records(expect, 1),
		})
		if got, want := known(t, done, err), earlier(first.Position, 2); len(got) != 1 || got[0] != want {
			t.Errorf("decided on %s: %+v; want %+v", expect.Position, got, want)
		}
	}
}

func forgetsCommands(t *testing.T, l *Log, client redis.UniversalClient) {
	key, now := newKey(), time.Now()
	head := chain.Head{}
	for i := range 40 {
		added := records(head, 1)
		a := Append{Expect: head, Commands: []Command{{Name: fmt.Sprint("c", i), Remember: true}}, Now: now, Records: added}
		if _, err := l.Append(context.Background(), key, a); err != nil {
			t.Fatal(err)
		}
		head = added[0].Head()
	}
	later := now.Add(CommandLifetime + time.Second)
	for i := range 4 { // the last of them is a name that was used before
		added := records(head, 1)
		a := Append{Expect: head, Commands: []Command{{Name: fmt.Sprint("c", 42-i), Remember: true}}, Now: later, Records: added}
		if done, err := l.Append(context.Background(), key, a); err != nil || len(done.Known) > 0 {
			t.Fatalf("after its time: %+v, %v", done, err)
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
	ask := Append{Commands: []Command{{Name: "q"}}, Now: time.Now()}
	if done, err := l.Append(context.Background(), key, ask); err != nil || len(done.Known) > 0 {
		t.Fatalf("nothing on nothing: %+v, %v", done, err)
	}
	if _, err := l.Read(context.Background(), key, chain.Position{}, 1); !errors.Is(err, ErrLost) {
		t.Fatalf("asking made a log: %v", err)
	}
	ask.Expect = grow(t, l, key, chain.Head{}, "a", 1)
	for _, remember := range []bool{false, false, true} {
		ask.Commands[0] = Command{"q", remember, earlier(ask.Expect.Position, 0)}
		if done, err := l.Append(context.Background(), key, ask); err != nil || len(done.Known) > 0 {
			t.Fatalf("remember %v: %+v, %v", remember, done, err)
		}
	}
	done, err := l.Append(context.Background(), key, ask)
	if got := known(t, done, err); got[0] != earlier(ask.Expect.Position, 0) {
		t.Errorf("a command without events is known as %+v", got)
	}
}

// Three commands in one append: one that did two things, one that was refused, one that changed nothing.
func appendsManyCommands(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := grow(t, l, key, chain.Head{}, "first", 1)
	added := records(head, 2)
	last := added[1].Head()
	batch := Append{
		Expect: head, Now: time.Now(), Records: added,
		Commands: []Command{{"a", true, earlier(last.Position, 2)}, {Name: "refused"}, {"nothing", true, earlier(last.Position, 0)}},
	}
	if done, err := l.Append(ctx, key, batch); err != nil || len(done.Known) > 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if page := read(t, l, key, head.Position); page.Head != last || len(page.Records) != 2 {
		t.Fatalf("appended %+v", page)
	}
	next := records(last, 1)
	batch = Append{
		Expect: last, Now: time.Now(), Records: next,
		Commands: []Command{{Name: "new", Remember: true}, {Name: "nothing"}, {Name: "refused"}, {Name: "a"}},
	}
	done, err := l.Append(ctx, key, batch)
	got := known(t, done, err)
	if len(got) != 2 || got[1] != earlier(last.Position, 0) || got[3] != earlier(last.Position, 2) {
		t.Errorf("known are %+v", got)
	}
	if page := read(t, l, key, last.Position); page.Head != last || len(page.Records) != 0 {
		t.Errorf("beside known commands it appended %+v", page)
	}
	batch.Commands = batch.Commands[:1]
	if done, err := l.Append(ctx, key, batch); err != nil || len(done.Known) > 0 {
		t.Errorf("alone: %+v, %v", done, err)
	}
}

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
	head := grow(t, l, key, chain.Head{}, "a", Keep)
	head = grow(t, l, key, head, "b", 100)
	at := chain.Position{Term: 1, Offset: Keep + 10}
	if err := l.Acknowledge(context.Background(), key, at); err != nil {
		t.Fatal(err)
	}
	page := read(t, l, key, chain.Position{})
	if n := len(page.Records); n != Keep+90 || page.Records[0].Offset != 11 || page.Head != head {
		t.Errorf("%d records from %d on", n, page.Records[0].Offset)
	}
}

func keepsStructures(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	put := func(head chain.Head, ops ...Op) chain.Head {
		added := records(head, 1)
		a := Append{Expect: head, Now: time.Now(), Records: added, Ops: ops}
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
	head = put(head, Op{Kind: OpClear, Target: Seats})
	if got := seats(); got != "map[]" {
		t.Errorf("cleared seats are %s", got)
	}
	hands := func() string { return fmt.Sprint(client.ZRangeWithScores(ctx, keysOf(key).hands, 0, -1).Val()) }
	head = put(head, Op{OpAdd, Hands, "us_1", "9"}, Op{OpAdd, Hands, "us_2", "10"}, Op{OpAdd, Hands, "us_3", "11"})
	head = put(head, Op{Kind: OpDrop, Target: Hands, Field: "us_1"}, Op{OpAdd, Hands, "us_2", "12"})
	if got := hands(); got != "[{11 us_3} {12 us_2}]" {
		t.Errorf("hands are %s", got)
	}
	put(head, Op{Kind: OpClear, Target: Hands})
	if got := hands(); got != "[]" {
		t.Errorf("lowered hands are %s", got)
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

func endsKeys(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	a := Append{
		Commands: []Command{{Name: "a", Remember: true}}, Now: time.Now(), Records: records(chain.Head{}, 1), Lifetime: time.Hour,
		Ops: []Op{{OpSet, Seats, "1", "us_1"}, {OpAdd, Hands, "us_2", "1"}},
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
