package stagearchive

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"rostrum/services/listenerstate/chain"
)

func testClaims(t *testing.T, open func() Archive) {
	ctx, a, key := context.Background(), open(), newKey()
	if head, err := a.Claim(ctx, key); err != nil || head != (chain.Head{}) {
		t.Errorf("a claim of nothing: %+v, %v", head, err)
	}
	all := Records(chain.Head{}, 3)
	mustPut(t, a, key, chain.Head{}, all[:1])
	waiting := a.Append(key, all[0].Head(), all[1:2], nil)
	head, err := a.Claim(ctx, key) // after what waits
	if err != nil || head.Position != (chain.Position{Term: 2, Offset: 2}) || head.Hash != all[1].Head().Hash {
		t.Fatalf("claimed %+v, %v", head, err)
	}
	if err := waiting.Wait(ctx); err != nil {
		t.Errorf("an append before the claim: %v", err)
	}
	wantHead(t, open(), key, head)
	for _, a := range []Archive{a, open()} {
		if err := put(a, key, all[1].Head(), all[2:]); !errors.Is(err, chain.ErrDiverged) {
			t.Errorf("an append of the old term: %v", err)
		}
		if err := put(a, key, all[1].Head(), Records(head, 1)); !errors.Is(err, chain.ErrDiverged) {
			t.Errorf("an append of the new term behind the old head: %v", err)
		}
		mustPut(t, a, key, chain.Head{}, all[:2]) // held ones of the old term
	}
	next, err := open().Claim(ctx, key)
	if err != nil || next.Position != (chain.Position{Term: 3, Offset: 2}) {
		t.Fatalf("claimed again: %+v, %v", next, err)
	}
	if err := put(a, key, head, Records(head, 1)); !errors.Is(err, chain.ErrDiverged) {
		t.Errorf("an append of a term that another took: %v", err)
	}
	added := Records(next, 2)
	mustPut(t, a, key, next, added)
	wantHead(t, a, key, added[1].Head())
	wantRecords(t, a, key, append(all[:2:2], added...))
	wantRecords(t, a, key, append(all[1:2:2], added...))
	wantRecords(t, a, key, added)
}

// testClaimRace has several claim at once: each gets a term that no other has.
func testClaimRace(t *testing.T, open func() Archive) {
	const claimers = 4
	key, all := newKey(), Records(chain.Head{}, 1)
	mustPut(t, open(), key, chain.Head{}, all)
	var (
		work  sync.WaitGroup
		mu    sync.Mutex
		terms = map[uint64]bool{}
	)
	for range claimers {
		a := open()
		work.Go(func() {
			head, err := a.Claim(context.Background(), key)
			mu.Lock()
			defer mu.Unlock()
			if terms[head.Term] = true; err != nil || head.Offset != 1 || head.Hash != all[0].Head().Hash {
				t.Errorf("claimed %+v, %v", head, err)
			}
		})
	}
	work.Wait()
	if len(terms) != claimers || !terms[2] || !terms[claimers+1] {
		t.Errorf("terms %v", terms)
	}
}

// testTwoWriters has two bring the same log, as they learn of it: both succeed, whatever each of them appends at a time.
func testTwoWriters(t *testing.T, open func() Archive) {
	const events = 300
	key, all := newKey(), Records(chain.Head{}, events)
	var work sync.WaitGroup
	for seed := range uint64(2) {
		a, random := open(), rand.New(rand.NewPCG(seed, 3))
		work.Go(func() {
			head := chain.Head{}
			var writes []*chain.Write
			for at := 0; at < events; {
				n := min(1+random.IntN(20), events-at)
				writes = append(writes, a.Append(key, head, all[at:at+n], nil))
				if at, head = at+n, all[at+n-1].Head(); random.IntN(4) == 0 {
					_ = writes[len(writes)-1].Wait(context.Background())
				}
			}
			for i, write := range writes {
				if err := write.Wait(context.Background()); err != nil {
					t.Errorf("writer %d, append %d: %v", seed, i, err)
				}
			}
		})
	}
	work.Wait()
	wantRecords(t, open(), key, all)
}

// testRace has several continue one log, each with events of its own: at every head exactly one does.
func testRace(t *testing.T, open func() Archive) {
	const writers, rounds = 3, 15
	key, head, want := newKey(), chain.Head{}, []chain.Record(nil)
	var archives []Archive
	for range writers {
		archives = append(archives, open())
	}
	for range rounds {
		var (
			work sync.WaitGroup
			mu   sync.Mutex
			won  [][]chain.Record
		)
		for i, a := range archives {
			mine := Records(head, 2)
			mine[0].Bytes, mine[1].Bytes = append(mine[0].Bytes, byte(i)), append(mine[1].Bytes, byte(i))
			work.Go(func() {
				err := put(a, key, head, mine)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, mine)
				} else if !errors.Is(err, chain.ErrDiverged) {
					t.Error(err)
				}
			})
		}
		work.Wait()
		if len(won) != 1 {
			t.Fatalf("%d continue %s", len(won), head.Position)
		}
		want, head = append(want, won[0]...), won[0][1].Head()
	}
	wantRecords(t, open(), key, want)
}
