// Package accountstore owns the contract that every store of people keeps; the stores stand in the folders below.
package accountstore

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/account"
)

// Test checks a store against the contract. Prepare makes room for one that holds nothing and answers what opens it;
// to open it again is a restart, after which the store opened before is not used any more.
func Test(t *testing.T, prepare func(*testing.T) (open func() account.Store)) {
	for name, test := range map[string]func(*testing.T, account.Store){
		"what is put is loaded": testLoad, "versions": testVersions, "one of many writers": testRace, "no lost change": testChanges,
		"the largest user": testLargest, "who has expired": testExpired,
	} {
		t.Run(name, func(t *testing.T) { test(t, prepare(t)()) })
	}
	t.Run("a restart", func(t *testing.T) { testRestart(t, prepare(t)) })
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

// Who has expired is answered as long as the row is there, with the exact time by which the service judges, and comes
// back with the next version; a new row of the same name conflicts.
func testExpired(t *testing.T, s account.Store) {
	ctx, u := context.Background(), newUser()
	u.Expires = time.Now().Add(-time.Minute).UTC().Truncate(time.Millisecond)
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx, u.App, u.ID)
	if fault.Is(err, fault.CodeNotFound) {
		t.Skip("this store has deleted it already")
	}
	if err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("loaded %+v, %v, want %+v", got, err, u)
	}
	if err := s.Put(ctx, u); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 1 again: %v", err)
	}
	u.Version, u.Expires = 2, time.Time{}
	if err := s.Put(ctx, u); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(ctx, u.App, u.ID); err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("kept for ever: loaded %+v, %v, want %+v", got, err, u)
	}
}

func testRestart(t *testing.T, open func() account.Store) {
	ctx, s, changed, untouched := context.Background(), open(), newUser(), newUser()
	for _, u := range []account.User{changed, untouched} {
		if err := s.Put(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	changed.Version, changed.Name = 2, "Ada"
	if err := s.Put(ctx, changed); err != nil {
		t.Fatal(err)
	}
	s = open()
	for _, want := range []account.User{changed, untouched} {
		if got, err := s.Load(ctx, want.App, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after a restart loaded %+v, %v, want %+v", got, err, want)
		}
	}
	if err := s.Put(ctx, changed); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 2 again after a restart: %v", err)
	}
	changed.Version = 3
	if err := s.Put(ctx, changed); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
