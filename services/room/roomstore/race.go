package roomstore

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"rostrum/internal/fault"
	"rostrum/services/room"
)

func testRace(t *testing.T, s room.Store) {
	r := newRoom()
	put(t, s, r)
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		won  []room.Room
	)
	for i := range 8 {
		work.Go(func() {
			next := live(r, i)
			err := s.Put(context.Background(), next)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, next)
			} else if !fault.Is(err, fault.CodeConflict) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if len(won) != 1 {
		t.Fatalf("%d wrote version 2", len(won))
	}
	if got, err := s.Load(context.Background(), r.App, r.ID); err != nil || !reflect.DeepEqual(got, won[0]) {
		t.Errorf("loaded %+v, %v, but who won wrote %+v", got, err, won[0])
	}
	expectLive(t, s, r.App, won[0])
}

// Changes of many writers, each made of what was read, are all there in the end.
func testChanges(t *testing.T, s room.Store) {
	const writers, changes = 4, 5
	ctx, r := context.Background(), newRoom()
	r.MaxSeats = 0
	put(t, s, r)
	change := func() error {
		read, err := s.Load(ctx, r.App, r.ID)
		if err != nil {
			return err
		}
		read.MaxSeats, read.Version = read.MaxSeats+1, read.Version+1
		return s.Put(ctx, read)
	}
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for made := 0; made < changes; {
				switch err := change(); {
				case err == nil:
					made++
				case !fault.Is(err, fault.CodeConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	if got, err := s.Load(ctx, r.App, r.ID); err != nil || got.MaxSeats != writers*changes || got.Version != writers*changes+1 {
		t.Errorf("of %d changes there are %d in version %d, %v", writers*changes, got.MaxSeats, got.Version, err)
	}
}
