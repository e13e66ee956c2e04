package accountstore

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"rostrum/internal/fault"
	"rostrum/services/account"
)

func testRace(t *testing.T, s account.Store) {
	ctx, u := context.Background(), newUser()
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		won  []account.User
	)
	for i := range 8 {
		work.Go(func() {
			mine := u
			mine.Name = fmt.Sprint("writer ", i)
			err := s.Put(ctx, mine)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, mine)
			} else if !fault.Is(err, fault.CodeConflict) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if len(won) != 1 {
		t.Fatalf("%d wrote version 1", len(won))
	}
	if got, err := s.Load(ctx, u.App, u.ID); err != nil || !reflect.DeepEqual(got, won[0]) {
		t.Errorf("loaded %+v, %v, but who won wrote %+v", got, err, won[0])
	}
}

// Tokens that many add, each to what was read, are all there in the end, and no two at one place.
func testChanges(t *testing.T, s account.Store) {
	const writers, changes = 4, 5
	ctx, u := context.Background(), newUser()
	u.Devices = []account.Device{{ID: "0123456789abcdef", Since: u.Created}}
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	add := func(token byte) error {
		read, err := s.Load(ctx, u.App, u.ID)
		if err != nil {
			return err
		}
		read.Devices[0].Tokens = append(read.Devices[0].Tokens, account.RefreshHash{SHA256: [32]byte{token}})
		read.Version++
		return s.Put(ctx, read)
	}
	var work sync.WaitGroup
	for writer := range writers {
		work.Go(func() {
			for made := 0; made < changes; {
				switch err := add(byte(1 + writer*changes + made)); {
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
	got, err := s.Load(ctx, u.App, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[byte]bool{}
	for _, token := range got.Devices[0].Tokens {
		tokens[token.SHA256[0]] = true
	}
	if len(tokens) != writers*changes || got.Version != writers*changes+1 {
		t.Errorf("of %d tokens there are %d in version %d", writers*changes, len(tokens), got.Version)
	}
}
