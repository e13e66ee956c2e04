package stagearchive

import (
	"context"
	"sync"
	"testing"

	"rostrum/internal/id"
	"rostrum/services/listenerstate"
)

// Keyring is what the contract of keys is about.
type Keyring interface {
	listenerstate.Keys
	// DestroyKey makes everything that was sealed under a person's key unreadable.
	DestroyKey(ctx context.Context, app id.App, user id.User) error
}

// TestKeyring checks a keyring against the contract. Create makes an empty store and answers how to open keyrings in it,
// as many as there are processes.
func TestKeyring(t *testing.T, create func(*testing.T) (open func() Keyring)) {
	for name, test := range map[string]func(*testing.T, func() Keyring){
		"a life": testKeyLife, "made together": testKeyRace, "destroyed while it is made": testKeyDestroyed,
	} {
		t.Run(name, func(t *testing.T) { test(t, create(t)) })
	}
}

func testKeyLife(t *testing.T, open func() Keyring) {
	ctx, ring, user := context.Background(), open(), id.NewUser()
	if _, found, err := ring.Key(ctx, id.Main, user); err != nil || found {
		t.Errorf("a key that was never made: %v, %v", found, err)
	}
	if err := ring.DestroyKey(ctx, id.Main, user); err != nil {
		t.Errorf("destroyed what was never made: %v", err)
	}
	made, err := ring.MakeKey(ctx, id.Main, user)
	if err != nil || made == [32]byte{} {
		t.Fatalf("made %x, %v", made, err)
	}
	for _, ring := range []Keyring{ring, open()} {
		if again, err := ring.MakeKey(ctx, id.Main, user); err != nil || again != made {
			t.Errorf("made again: %x, %v", again, err)
		}
		if key, found, err := ring.Key(ctx, id.Main, user); err != nil || !found || key != made {
			t.Errorf("%x, %v, %v", key, found, err)
		}
	}
	if other, err := ring.MakeKey(ctx, "other", user); err != nil || other == made {
		t.Errorf("in another app: %x, %v", other, err)
	}
	for range 2 {
		if err := ring.DestroyKey(ctx, id.Main, user); err != nil {
			t.Fatal(err)
		}
		for _, ring := range []Keyring{ring, open()} {
			if _, found, err := ring.Key(ctx, id.Main, user); err != nil || found {
				t.Errorf("a destroyed key: %v, %v", found, err)
			}
		}
	}
	next, err := ring.MakeKey(ctx, id.Main, user)
	if err != nil || next == made {
		t.Errorf("after the destruction: %x, %v", next, err)
	}
	if key, found, err := open().Key(ctx, id.Main, user); err != nil || !found || key != next {
		t.Errorf("after the destruction: %x, %v, %v", key, found, err)
	}
}

// testKeyRace has several make the keys of the same people: all get the same.
func testKeyRace(t *testing.T, open func() Keyring) {
	const people, rings = 20, 4
	var users []id.User
	for range people {
		users = append(users, id.NewUser())
	}
	keys := make([][people][32]byte, rings)
	var work sync.WaitGroup
	for r := range rings {
		ring := open()
		for i, user := range users {
			work.Go(func() {
				var err error
				if keys[r][i], err = ring.MakeKey(context.Background(), id.Main, user); err != nil {
					t.Error(err)
				}
			})
		}
	}
	work.Wait()
	distinct := map[[32]byte]bool{}
	for i := range users {
		distinct[keys[0][i]] = true
		for r := range rings {
			if keys[r][i] != keys[0][i] {
				t.Fatalf("person %d has different keys", i)
			}
		}
	}
	if len(distinct) != people {
		t.Errorf("%d keys for %d people", len(distinct), people)
	}
}

// testKeyDestroyed has a key made and destroyed at once, over and over: what was destroyed never comes back.
func testKeyDestroyed(t *testing.T, open func() Keyring) {
	ctx, user, maker, destroyer := context.Background(), id.NewUser(), open(), open()
	gone := map[[32]byte]bool{}
	for range 10 {
		made, err := maker.MakeKey(ctx, id.Main, user)
		if err != nil || gone[made] {
			t.Fatalf("made %x, gone before: %v, %v", made, gone[made], err)
		}
		var work sync.WaitGroup
		work.Go(func() {
			if _, err := open().MakeKey(ctx, id.Main, user); err != nil {
				t.Error(err)
			}
		})
		work.Go(func() {
			if err := destroyer.DestroyKey(ctx, id.Main, user); err != nil {
				t.Error(err)
			}
		})
		work.Wait()
		gone[made], maker = true, open()
	}
}
