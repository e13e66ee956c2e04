// Package accountstore owns the contract that every store of people keeps; the stores stand in the folders below.
package accountstore

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/account"
)

// Test checks a store against the contract. Open makes an empty one; what it opens it closes with the test.
func Test(t *testing.T, open func(*testing.T) account.Store) {
	t.Run("what is put is loaded", func(t *testing.T) { testLoad(t, open(t)) })
	t.Run("versions", func(t *testing.T) { testVersions(t, open(t)) })
	t.Run("one of many writers", func(t *testing.T) { testRace(t, open(t)) })
	t.Run("the largest user", func(t *testing.T) { testLargest(t, open(t)) })
}

func newUser() account.User {
	now := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return account.User{
		App: id.Main, ID: id.NewUser(), Name: "Zoë 👩🏽‍🚀", Guest: true, Devices: []account.Device{
			{ID: "0123456789abcdef", Name: "Phone", Since: now, Expires: now.Add(time.Hour), Tokens: []account.RefreshHash{
				{SHA256: [32]byte{0: 1, 31: 0xff}, Used: now.Add(time.Second)}, {SHA256: [32]byte{15: 3}},
			}},
			{Name: "before there were refresh tokens", Since: now},
		},
		Created: now, Expires: now.Add(time.Hour), Version: 1,
	}
}

func testLoad(t *testing.T, s account.Store) {
	ctx, want := context.Background(), newUser()
	if err := s.Put(ctx, want); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, want.App, want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("loaded %+v, %v, want %+v", got, err, want)
	}
	if _, err := s.Load(ctx, want.App, id.NewUser()); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := s.Load(ctx, "other", want.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another app's: %v", err)
	}
}

func testVersions(t *testing.T, s account.Store) {
	ctx, u := context.Background(), newUser()
	u.Version = 2
	if err := s.Put(ctx, u); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 2 of nothing: %v", err)
	}
	u.Version = 1
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(ctx, u); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 1 again: %v", err)
	}
	u.Version, u.Name, u.Expires, u.Devices = 2, "Ada", time.Time{}, u.Devices[:1]
	u.Devices[0].Tokens = u.Devices[0].Tokens[1:]
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, u.App, u.ID); err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("loaded %+v, %v, want %+v", got, err, u)
	}
}

func testRace(t *testing.T, s account.Store) {
	ctx, u := context.Background(), newUser()
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		won  int
	)
	for range 8 {
		work.Go(func() {
			err := s.Put(ctx, u)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !fault.Is(err, fault.CodeConflict) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if won != 1 {
		t.Errorf("%d wrote version 1", won)
	}
}

// A row of every device with every token that may be good must fit.
func testLargest(t *testing.T, s account.Store) {
	ctx, u := context.Background(), newUser()
	name := strings.Repeat("👩🏽‍🚀", 80)
	u.Devices = nil
	for range 10 {
		d := account.Device{ID: "0123456789abcdef", Name: name, Since: u.Created, Expires: u.Expires}
		for i := range 16 {
			d.Tokens = append(d.Tokens, account.RefreshHash{SHA256: [32]byte{byte(i)}, Used: u.Created})
		}
		u.Devices = append(u.Devices, d)
	}
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, u.App, u.ID); err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("loaded %+v, %v, want %+v", got, err, u)
	}
}
