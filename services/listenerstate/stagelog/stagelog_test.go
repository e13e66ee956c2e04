package stagelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/id"
	"rostrum/internal/redisdb"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

var cluster testkit.SharedCluster

func TestMain(m *testing.M) {
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// TestContract runs every case against the embedded Redis, a real one and a cluster.
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
	servers := map[string]func(*testing.T) []string{
		"miniredis":    func(t *testing.T) []string { return []string{miniredis.RunT(t).Addr()} },
		"redis-server": func(t *testing.T) []string { return []string{testkit.Redis(t)} },
		"cluster":      func(t *testing.T) []string { return cluster.Start(t).Addresses },
	}
	for server, start := range servers {
		t.Run(server, func(t *testing.T) {
			client := connect(t, start(t)...)
			for name, run := range cases {
				t.Run(name, func(t *testing.T) { run(t, New(client), client) })
				if name != "trims what is acknowledged" { // a guarded log is cut by Archived
					t.Run(name+", guarded", func(t *testing.T) { run(t, NewGuarded(client), client) })
				}
			}
		})
	}
}

func connect(t testing.TB, addresses ...string) redis.UniversalClient {
	t.Helper()
	client, err := redisdb.Open(redisdb.Config{Addresses: addresses, Cluster: len(addresses) > 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
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

func trims(t *testing.T, l *Log, _ redis.UniversalClient) {
	key := newKey()
	head := grow(t, l, key, chain.Head{}, "a", Keep)
	head = grow(t, l, key, head, "b", 100)
	at := chain.Position{Term: 1, Offset: Keep + 10}
	if err := l.Acknowledge(context.Background(), key, at, ""); err != nil {
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

func endsKeys(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	a := Append{
		Commands: []Command{{Name: "a", Remember: true}}, Now: time.Now(), Records: records(chain.Head{}, 1), Lifetime: time.Hour,
		Ops: []Op{{OpSet, Seats, "1", "us_1"}, {OpAdd, Hands, "us_2", "1"}},
	}
	if _, err := l.Append(ctx, key, a); err != nil {
		t.Fatal(err)
	}
	k := keysOf(key)
	for _, name := range []string{k.head, k.log, k.commands, k.due, k.seats, k.hands} {
		if left := client.PTTL(ctx, name).Val(); left <= 0 || left > time.Hour {
			t.Errorf("%s lives %v", name, left)
		}
	}
}
