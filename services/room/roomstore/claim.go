package roomstore

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/services/room"
)

func testClaims(t *testing.T, s room.Store) {
	ctx, now := context.Background(), start
	first := room.Claim{
		App: id.Main, User: id.NewUser(), Key: "k", Sum: [32]byte{1}, Room: id.NewRoom(), Expires: now.Add(10 * time.Minute),
	}
	second, stranger, elsewhere := first, first, first
	second.Sum, second.Room, second.Expires = [32]byte{2}, id.NewRoom(), now.Add(20*time.Minute)
	stranger.User, elsewhere.App = id.NewUser(), "other"
	for _, c := range []struct {
		claim room.Claim
		at    time.Time
		want  room.Claim
	}{
		{first, now, first}, {first, now, first}, {second, now.Add(10*time.Minute - 1), first}, {stranger, now, stranger}, {elsewhere, now, elsewhere},
		{second, now.Add(10 * time.Minute), second}, {first, now.Add(11 * time.Minute), second},
	} {
		if got, err := s.Claim(ctx, c.claim, c.at); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("at %v in force is %+v, %v, want %+v", c.at, got, err, c.want)
		}
	}
}

// Of claims at one time all are answered by one; also where the one before has just expired.
func testClaimRace(t *testing.T, s room.Store) {
	user, before := id.NewUser(), id.Room("")
	for _, now := range []time.Time{start, start.Add(time.Minute)} {
		inForce := make([]id.Room, 8)
		var work sync.WaitGroup
		for i := range inForce {
			work.Go(func() {
				c := room.Claim{App: id.Main, User: user, Key: "k", Room: id.NewRoom(), Expires: now.Add(time.Minute)}
				answered, err := s.Claim(context.Background(), c, now)
				if err != nil {
					t.Error(err)
				}
				inForce[i] = answered.Room
			})
		}
		work.Wait()
		for _, r := range inForce {
			if r != inForce[0] || r == before {
				t.Fatalf("after %q claims in force: %v", before, inForce)
			}
		}
		before = inForce[0]
	}
}
