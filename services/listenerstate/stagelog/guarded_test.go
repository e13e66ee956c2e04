package stagelog

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// TestGuardedContract runs what only guarded logs do against the embedded Redis, a real one and a cluster.
func TestGuardedContract(t *testing.T) {
	cases := map[string]func(*testing.T, *Log, redis.UniversalClient){
		"stands still while it is repaired":    standsStill,
		"is lost for everyone when condemned":  isCondemned,
		"cuts below archive and snapshot only": cutsBelowTheArchive,
		"brings offers to a repair":            bringsOffers,
		"marks nothing beyond its end":         marksNothingBeyond,
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
				t.Run(name, func(t *testing.T) { run(t, NewGuarded(client), client) })
			}
		})
	}
}

// extend appends n records behind a head and answers the new one.
func extend(t *testing.T, l *Log, key chain.Key, head chain.Head, n int) chain.Head {
	t.Helper()
	added := records(head, n)
	if _, err := l.Append(context.Background(), key, Append{Expect: head, Now: time.Now(), Records: added}); err != nil {
		t.Fatal(err)
	}
	return added[n-1].Head()
}

func want(t *testing.T, what string, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Errorf("%s: %v, want %v", what, err, wanted)
	}
}

func standsStill(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := extend(t, l, key, chain.Head{}, 3)
	if taken, err := l.Lock(ctx, key, "a", time.Minute); !taken || err != nil {
		t.Fatal(taken, err)
	}
	_, err := l.Append(ctx, key, Append{Expect: head, Now: time.Now(), Records: records(head, 1)})
	want(t, "an append", err, ErrRepairing)
	_, err = l.Hold(ctx, key, head.Position, "", 10*time.Millisecond)
	want(t, "a wait for a replica", err, ErrRepairing)
	want(t, "marking", l.Acknowledge(ctx, key, head.Position, ""), ErrRepairing)
	want(t, "trust by another repair", l.Trust(ctx, key, "b"), ErrFenced)
	want(t, "trust", l.Trust(ctx, key, "a"), nil)
	extend(t, l, key, head, 1)
	want(t, "trust in what was trusted", l.Trust(ctx, key, "a"), ErrFenced)
	_, err = l.Hold(ctx, key, chain.Position{Term: 1, Offset: 9}, "", 10*time.Millisecond)
	want(t, "a wait for what is not there", err, ErrMoved)
	_, err = l.Hold(ctx, newKey(), head.Position, "", 10*time.Millisecond)
	want(t, "a wait in a log that is lost", err, ErrLost)
}

func isCondemned(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := extend(t, l, key, chain.Head{}, 3)
	want(t, "condemning without a repair", l.Condemn(ctx, key, "a", 1, time.Minute), ErrFenced)
	if taken, err := l.Lock(ctx, key, "a", time.Minute); !taken || err != nil {
		t.Fatal(taken, err)
	}
	want(t, "an archive that is older than the log", l.Condemn(ctx, key, "a", 0, time.Minute), errOlderArchive)
	want(t, "condemning", l.Condemn(ctx, key, "a", 1, time.Minute), nil)
	_, err := l.Read(ctx, key, chain.Position{}, 10)
	want(t, "reading it", err, ErrLost)
	want(t, "trusting it", l.Trust(ctx, key, "a"), ErrFenced)
	head.Term = 2
	want(t, "seeding", l.Seed(ctx, key, Seed{Token: "a", Head: head, Snapshot: []byte("as it was")}), nil)
	page, err := l.Read(ctx, key, chain.Position{}, 10)
	if err != nil || page.Head != head || !page.Tracked || page.Base != 3 || page.Archived != 3 || page.SnapshotAt != 3 {
		t.Errorf("the new term is %+v, %v", page, err)
	}
	if snapshot, err := l.Snapshot(ctx, key); err != nil || string(snapshot) != "as it was" {
		t.Errorf("it begins with %q, %v", snapshot, err)
	}
	extend(t, l, key, head, 1)
}

func cutsBelowTheArchive(t *testing.T, l *Log, client redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	length := func() int64 { return client.XLen(ctx, keysOf(key).log).Val() }
	head := chain.Head{}
	for range (Keep + 500) / 100 {
		head = extend(t, l, key, head, 100)
	}
	all := int64(head.Offset)
	want(t, "acknowledging", l.Acknowledge(ctx, key, head.Position, ""), nil)
	if n := length(); n != all {
		t.Errorf("acknowledging left %d events of %d", n, all)
	}
	at := func(offset uint64) chain.Position { return chain.Position{Term: 1, Offset: offset} }
	life := lifeOf(t, l, key)
	if want(t, "archiving in another life", l.Archived(ctx, key, at(1000), "another", 0, nil), nil); length() != all {
		t.Error("another life cut it")
	}
	for _, c := range []struct {
		archived, snapshot uint64
		left               int64
	}{{200, 0, all}, {300, 100, all - 100}, {100, 50, all - 100}, {head.Offset, 250, all - 250}, {head.Offset, head.Offset, Keep}} {
		var snapshot []byte
		if c.snapshot > 0 {
			snapshot = []byte{byte(c.snapshot)}
		}
		want(t, "archiving", l.Archived(ctx, key, at(c.archived), life, c.snapshot, snapshot), nil)
		if n := length(); n != c.left {
			t.Errorf("archived to %d with a snapshot of %d it has %d events, want %d", c.archived, c.snapshot, n, c.left)
		}
	}
	page, err := l.Head(ctx, key)
	if err != nil || page.Archived != head.Offset || page.SnapshotAt != head.Offset || page.Base != 0 || len(page.Records) != 0 {
		t.Errorf("the head is %+v, %v", page, err)
	}
	want(t, "archiving in another term", l.Archived(ctx, key, chain.Position{Term: 2, Offset: 1}, life, 0, nil), nil)
	if again, err := l.Head(ctx, key); err != nil || again.Archived != page.Archived {
		t.Errorf("another term made it %+v, %v", again, err)
	}
}

func bringsOffers(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, other, ctx := newKey(), newKey(), context.Background()
	long := records(chain.Head{}, 20)
	want(t, "offering unasked", l.Offer(ctx, "one", []Offer{{Key: key, Records: long[:5]}, {Key: other}}), nil)
	want(t, "offering", l.Offer(ctx, "one", []Offer{{Key: key, Token: "t", Records: long}}), nil)
	want(t, "offering nothing", l.Offer(ctx, "two", []Offer{{Key: key, Token: "t"}}), nil)
	want(t, "offering to another repair", l.Offer(ctx, "three", []Offer{{Key: key, Token: "u", Records: long[:1]}}), nil)
	offered, answered, err := l.Offers(ctx, key, "t")
	if err != nil || len(offered) != 2 || len(answered) != 2 || !answered["one"] || !answered["two"] {
		t.Fatalf("%d offers by %v, %v", len(offered), answered, err)
	}
	if len(offered[0])+len(offered[1]) != 21 {
		t.Errorf("%d and %d records are offered", len(offered[0]), len(offered[1]))
	}
	for _, records := range offered {
		for i, record := range records {
			if record.Position != long[i].Position || record.Payload != long[i].Payload || string(record.Bytes) != string(long[i].Bytes) {
				t.Errorf("record %d came as %+v", i, record)
			}
		}
	}
}

func marksNothingBeyond(t *testing.T, l *Log, _ redis.UniversalClient) {
	key, ctx := newKey(), context.Background()
	head := extend(t, l, key, chain.Head{}, 3)
	want(t, "marking what is not there", l.Acknowledge(ctx, key, chain.Position{Term: 1, Offset: 4}, ""), ErrMoved)
	if page, err := l.Head(ctx, key); err != nil || page.Acked != 0 {
		t.Errorf("acknowledged up to %d, %v", page.Acked, err)
	}
	for range 2 {
		want(t, "marking", l.Acknowledge(ctx, key, head.Position, ""), nil)
		if page, err := l.Head(ctx, key); err != nil || page.Acked != 3 {
			t.Errorf("acknowledged up to %d, %v", page.Acked, err)
		}
	}
	want(t, "marking in a log that is lost", l.Acknowledge(ctx, newKey(), head.Position, ""), ErrLost)
}

// TestAnotherLifeOfRedis: after a restart with its data a guarded log says nothing before it is trusted, for every instance.
func TestAnotherLifeOfRedis(t *testing.T) {
	server := testkit.RedisServer(t, "--appendonly", "yes", "--appendfsync", "always")
	client, ctx := connect(t, server.Address), context.Background()
	l, key := NewGuarded(client), newKey()
	head := extend(t, l, key, chain.Head{}, 3)
	before, err := l.Head(ctx, key)
	if want(t, "reading the head", err, nil); before.Life == "" {
		t.Error("it has no life")
	}
	server.Kill()
	server.Start(t)
	for range 2 {
		page, err := l.Read(ctx, key, chain.Position{}, 10)
		want(t, "reading", err, ErrRestarted)
		if page.Head != head || len(page.Records) != 3 {
			t.Errorf("the page is %+v", page)
		}
		_, err = l.Append(ctx, key, Append{Expect: head, Now: time.Now(), Records: records(head, 1)})
		want(t, "appending", err, ErrRestarted)
		_, err = l.Hold(ctx, key, head.Position, "", time.Millisecond)
		want(t, "holding", err, ErrRestarted)
		want(t, "marking", l.Acknowledge(ctx, key, head.Position, ""), ErrRestarted)
	}
	if page, err := New(client).Read(ctx, key, chain.Position{}, 10); err != nil || page.Acked != 0 {
		t.Errorf("acknowledged up to %d, %v", page.Acked, err)
	}
	if taken, err := l.Lock(ctx, key, "a", time.Minute); !taken || err != nil {
		t.Fatal(taken, err)
	}
	want(t, "trusting", l.Trust(ctx, key, "a"), nil)
	for life, wanted := range map[string]error{before.Life: ErrRestarted, lifeOf(t, l, key): nil} { // it may have lost what was there
		_, err = l.Hold(ctx, key, head.Position, life, time.Millisecond)
		want(t, "holding in life "+life, err, wanted)
		want(t, "marking in life "+life, l.Acknowledge(ctx, key, head.Position, life), wanted)
	}
	extend(t, NewGuarded(client), key, head, 1)
}

// lifeOf is the life in which a log was last verified, as reading and appending tell it.
func lifeOf(t *testing.T, l *Log, key chain.Key) string {
	t.Helper()
	page, err := l.Head(context.Background(), key)
	want(t, "reading the head", err, nil)
	done, err := l.Append(context.Background(), key, Append{Expect: page.Head, Now: time.Now()})
	want(t, "appending nothing", err, nil)
	if done.Life != page.Life { // empty where Redis does not tell
		t.Errorf("it lives in %q, and appends in %q", page.Life, done.Life)
	}
	return page.Life
}

// TestAReplicaIsWaitedFor: of an append, of one that another made, and in vain.
func TestAReplicaIsWaitedFor(t *testing.T) {
	pair := testkit.RedisPair(t)
	client, ctx := redis.NewClient(&redis.Options{Dialer: pair.Dial}), context.Background()
	defer client.Close()
	l, key := NewGuarded(client), newKey()
	add := func(head chain.Head, wait time.Duration) (chain.Head, bool) {
		t.Helper()
		added := records(head, 1)
		done, err := l.Append(ctx, key, Append{Expect: head, Now: time.Now(), Records: added, Wait: wait})
		if err != nil {
			t.Fatal(err)
		}
		return added[0].Head(), done.Replicated
	}
	head, replicated := add(chain.Head{}, 10*time.Second)
	if !replicated {
		t.Error("the replica does not have the first")
	}
	if head, replicated = add(head, 0); replicated {
		t.Error("nobody waited, and it is said to be there")
	}
	if held, err := l.Hold(ctx, key, head.Position, "", 10*time.Second); !held || err != nil {
		t.Errorf("the replica has the second: %v, %v", held, err)
	}
	pair.Cut(t)
	if head, replicated = add(head, 50*time.Millisecond); replicated {
		t.Error("a replica that is cut off has the third")
	}
	if held, err := l.Hold(ctx, key, head.Position, "", 50*time.Millisecond); held || err != nil {
		t.Errorf("a replica that is cut off has it: %v, %v", held, err)
	}
	pair.Join(t)
	if held, err := l.Hold(ctx, key, head.Position, "", 10*time.Second); !held || err != nil {
		t.Errorf("when it is back: %v, %v", held, err)
	}
}

func FuzzOffer(f *testing.F) {
	for _, offer := range []Offer{{}, {Token: "t"}, {Token: "t", Records: records(chain.Head{}, 3)}} {
		f.Add(offer.encode())
	}
	f.Add([]byte{200})
	f.Add(append([]byte{0}, make([]byte, 51)...))
	f.Fuzz(func(t *testing.T, text []byte) {
		token, records, err := decodeOffer(text)
		if err != nil {
			return
		}
		if again := (Offer{Token: token, Records: records}).encode(); string(again) != string(text) {
			t.Errorf("%x became %x", text, again)
		}
	})
}
