// Package stagearchive owns the contract that every archive of stage logs and every keyring keeps; they stand in the
// folders below.
package stagearchive

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"rostrum/internal/id"
	"rostrum/services/listenerstate"
	"rostrum/services/listenerstate/chain"
)

// Archive is what the contract is about.
type Archive interface {
	listenerstate.Archive
	// Close finishes what waits.
	Close()
}

// Test checks an archive against the contract. Create makes an empty store and answers how to open archives in it, as many
// as there are processes; what these open they close with the test.
func Test(t *testing.T, create func(*testing.T) (open func() Archive)) {
	for name, test := range map[string]func(*testing.T, func() Archive){
		"what is finished is there": testLoad, "what does not continue is refused": testRefusals, "claims": testClaims,
		"claims race": testClaimRace, "in the order of the calls": testOrder, "a bad append spares the others": testOneBad,
		"held records are skipped": testHeld, "pages": testPages, "snapshots": testSnapshots, "logs are apart": testApart,
		"two writers of one log": testTwoWriters, "one of two continues": testRace, "close": testClose, "random lives": testModel,
	} {
		t.Run(name, func(t *testing.T) { test(t, create(t)) })
	}
}

func newKey() chain.Key { return chain.Key{App: id.Main, Room: id.NewRoom()} }

// Records answers some that go on from a head.
func Records(head chain.Head, n int) []chain.Record {
	var out []chain.Record
	for i := range n {
		at := chain.Position{Term: max(head.Term, 1), Offset: head.Offset + uint64(i) + 1}
		out = append(out, chain.Record{Position: at, Payload: chain.Sum([]byte(at.String())), Bytes: []byte("event " + at.String())})
	}
	return out
}

func put(a Archive, key chain.Key, after chain.Head, records []chain.Record) error {
	return a.Append(key, after, records, nil).Wait(context.Background())
}

func mustPut(t *testing.T, a Archive, key chain.Key, after chain.Head, records []chain.Record) {
	t.Helper()
	if err := put(a, key, after, records); err != nil {
		t.Fatal(err)
	}
}

func wantHead(t *testing.T, a Archive, key chain.Key, want chain.Head) {
	t.Helper()
	if head, _, err := a.Load(context.Background(), key); err != nil || head != want {
		t.Errorf("the head is %s %x, %v, want %s %x", head.Position, head.Hash[:4], err, want.Position, want.Hash[:4])
	}
}

// wantRecords reads as many records from the first wanted one on, and one more.
func wantRecords(t *testing.T, a Archive, key chain.Key, want []chain.Record) {
	t.Helper()
	got, err := a.Read(context.Background(), key, want[0].Offset, len(want)+1)
	if err != nil || !equal(got, want) {
		t.Errorf("from %d on there are %d records, %v, want %d", want[0].Offset, len(got), err, len(want))
	}
}

func equal(a, b []chain.Record) bool {
	for i := range min(len(a), len(b)) {
		if a[i].Position != b[i].Position || a[i].Payload != b[i].Payload || !bytes.Equal(a[i].Bytes, b[i].Bytes) {
			return false
		}
	}
	return len(a) == len(b)
}

func testLoad(t *testing.T, open func() Archive) {
	ctx, a, key := context.Background(), open(), newKey()
	if head, snapshot, err := a.Load(ctx, key); err != nil || head != (chain.Head{}) || snapshot != nil {
		t.Errorf("of nothing: %+v, %q, %v", head, snapshot, err)
	}
	if got, err := a.Read(ctx, key, 1, 10); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %d records, %v", len(got), err)
	}
	all := Records(chain.Head{}, 5)
	mustPut(t, a, key, chain.Head{}, all[:3])
	mustPut(t, a, key, all[2].Head(), all[3:])
	for _, a := range []Archive{a, open()} {
		wantHead(t, a, key, all[4].Head())
		for first := range all {
			wantRecords(t, a, key, all[first:])
		}
	}
	for _, c := range []struct {
		from  uint64
		limit int
		want  []chain.Record
	}{{0, 2, all[:2]}, {2, 3, all[1:4]}, {3, 1, all[2:3]}, {5, 1, all[4:]}, {6, 9, nil}, {1 << 40, 9, nil}, {1, 0, nil}} {
		if got, err := a.Read(ctx, key, c.from, c.limit); err != nil || !equal(got, c.want) {
			t.Errorf("%d from %d: %d records, %v", c.limit, c.from, len(got), err)
		}
	}
}

func testRefusals(t *testing.T, open func() Archive) {
	a, key := open(), newKey()
	all := Records(chain.Head{}, 6)
	mustPut(t, a, key, chain.Head{}, all[:3])
	forged := Records(chain.Head{}, 3)
	forged[2].Bytes = []byte("another event")
	otherCommand := Records(chain.Head{}, 3)
	otherCommand[2].Payload = chain.Sum([]byte("another command"))
	lowerTerm := Records(all[2].Head(), 1)
	lowerTerm[0].Term = 0
	twoTerms := Records(all[2].Head(), 2)
	twoTerms[1].Term = 2
	for name, c := range map[string]struct {
		after   chain.Head
		records []chain.Record
	}{
		"a hole":                {all[3].Head(), all[4:]},
		"another event":         {all[1].Head(), forged[2:]},
		"another command":       {all[1].Head(), otherCommand[2:]},
		"after another event":   {forged[2].Head(), all[3:4]},
		"after another term":    {chain.Head{Position: chain.Position{Term: 2, Offset: 3}, Hash: all[2].Head().Hash}, all[3:4]},
		"a lower term":          {all[2].Head(), lowerTerm},
		"two terms":             {all[2].Head(), twoTerms},
		"a hole inside":         {all[2].Head(), []chain.Record{all[3], all[5]}},
		"a second beginning":    {chain.Head{}, forged},
		"an unknown log's tail": {chain.Head{}, all[3:]},
	} {
		for _, writer := range []Archive{a, open()} {
			if err := put(writer, key, c.after, c.records); !errors.Is(err, chain.ErrDiverged) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	wantHead(t, a, key, all[2].Head())
	mustPut(t, a, key, all[2].Head(), all[3:])
	wantRecords(t, a, key, all)
}

func testHeld(t *testing.T, open func() Archive) {
	key, all := newKey(), Records(chain.Head{}, 9)
	a := open()
	mustPut(t, a, key, chain.Head{}, all[:3])
	for _, a := range []Archive{a, open()} {
		mustPut(t, a, key, all[0].Head(), all[1:5]) // with new ones behind
		mustPut(t, a, key, chain.Head{}, all[:2])   // alone
	}
	first, again := a.Append(key, all[4].Head(), all[5:8], nil), a.Append(key, all[5].Head(), all[6:], nil)
	for _, write := range []*chain.Write{first, again} {
		if err := write.Wait(context.Background()); err != nil {
			t.Error(err)
		}
	}
	wantRecords(t, a, key, all)
	higher := Records(all[8].Head(), 2)
	higher[0].Term, higher[1].Term = 4, 4
	mustPut(t, a, key, all[7].Head(), append(all[8:9:9], higher...)) // a term may begin without a claim
	wantHead(t, open(), key, higher[1].Head())
	wantRecords(t, open(), key, append(all[:9:9], higher...))
}

func testOneBad(t *testing.T, open func() Archive) {
	a, good, bad := open(), newKey(), newKey()
	all := Records(chain.Head{}, 4)
	writes := []*chain.Write{
		a.Append(good, chain.Head{}, all[:1], nil), a.Append(bad, all[0].Head(), all[1:], nil), a.Append(good, all[0].Head(), all[1:2], nil),
		a.Append(good, all[0].Head(), all[2:3], nil), a.Append(good, all[1].Head(), all[2:], nil),
	}
	for i, write := range writes {
		if err := write.Wait(context.Background()); errors.Is(err, chain.ErrDiverged) != (i == 1 || i == 3) {
			t.Errorf("append %d: %v", i, err)
		}
	}
	wantHead(t, a, bad, chain.Head{})
	wantRecords(t, a, good, all)
}

// testOrder appends without waiting; each write that is finished is readable, and all before it.
func testOrder(t *testing.T, open func() Archive) {
	const rooms, appends = 20, 30
	a := open()
	var work sync.WaitGroup
	for range rooms {
		work.Go(func() {
			key, all := newKey(), Records(chain.Head{}, appends)
			var writes []*chain.Write
			head := chain.Head{}
			for i := range all {
				writes = append(writes, a.Append(key, head, all[i:i+1], nil))
				head = all[i].Head()
			}
			for i, write := range writes {
				if err := write.Wait(context.Background()); err != nil {
					t.Errorf("append %d: %v", i, err)
					return
				}
				if i%10 == 0 {
					if got, err := a.Read(context.Background(), key, 1, i+1); err != nil || !equal(got, all[:i+1]) {
						t.Errorf("after append %d: %d records, %v", i, len(got), err)
					}
				}
			}
			wantRecords(t, a, key, all)
		})
	}
	work.Wait()
}

func testApart(t *testing.T, open func() Archive) {
	a, key := open(), newKey()
	other := chain.Key{App: "other", Room: key.Room}
	longer := chain.Key{App: "main-2", Room: key.Room}
	for i, key := range []chain.Key{key, other, longer} {
		mustPut(t, a, key, chain.Head{}, Records(chain.Head{}, i+1))
	}
	for i, key := range []chain.Key{key, other, longer} {
		wantRecords(t, a, key, Records(chain.Head{}, i+1))
	}
}

func testClose(t *testing.T, open func() Archive) {
	a, key, all := open(), newKey(), Records(chain.Head{}, 5)
	mustPut(t, a, key, chain.Head{}, all[:3])
	write := a.Append(key, all[2].Head(), all[3:], []byte("snapshot"))
	a.Close()
	if err := write.Wait(context.Background()); err != nil {
		t.Errorf("what waited: %v", err)
	}
	a.Close()
	if err := put(a, key, all[4].Head(), Records(all[4].Head(), 1)); !errors.Is(err, chain.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := a.Claim(context.Background(), key); !errors.Is(err, chain.ErrClosed) {
		t.Errorf("a claim after Close: %v", err)
	}
	a = open()
	if head, snapshot, err := a.Load(context.Background(), key); err != nil || head != all[4].Head() || string(snapshot) != "snapshot" {
		t.Errorf("opened again: %+v, %q, %v", head, snapshot, err)
	}
	wantRecords(t, a, key, all)
}
