// Package roomstore owns the contract that every store of rooms keeps; the stores stand in the folders below.
package roomstore

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/room"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

// Test checks a store against the contract. Prepare makes room for one that holds nothing and answers what opens it;
// to open it again is a restart, after which the store opened before is not used any more.
func Test(t *testing.T, prepare func(*testing.T) (open func() room.Store)) {
	for name, test := range map[string]func(*testing.T, room.Store){
		"what is put is loaded": testLoad, "versions": testVersions, "one of many writers": testRace, "no lost change": testChanges,
		"live rooms": testLive, "pages": testPages, "claims": testClaims, "claims race": testClaimRace,
	} {
		t.Run(name, func(t *testing.T) { test(t, prepare(t)()) })
	}
	t.Run("a restart", func(t *testing.T) { testRestart(t, prepare(t)) })
}

func newRoom() room.Room {
	return room.Room{
		App: id.Main, ID: id.NewRoom(), Title: "Zoë 👩🏽‍🚀", Description: "one\ntwo", Language: "en-GB", Zone: "Europe/London",
		Host: id.NewUser(), HostName: "Ada", State: room.StateScheduled, OpenStage: true, OpenListening: true, MaxSeats: 20,
		Speakers: []id.User{id.NewUser(), id.NewUser()}, Created: start, Scheduled: start.Add(time.Hour), Version: 1,
	}
}

// live is the next version of a room, started some seconds after another.
func live(r room.Room, seconds int) room.Room {
	r.State, r.Started, r.Version = room.StateLive, start.Add(time.Duration(seconds)*time.Second), r.Version+1
	return r
}

func put(t *testing.T, s room.Store, rooms ...room.Room) {
	t.Helper()
	for _, r := range rooms {
		if err := s.Put(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func testLoad(t *testing.T, s room.Store) {
	ctx, want := context.Background(), newRoom()
	bare := room.Room{App: id.Main, ID: id.NewRoom(), Title: "a", Zone: "UTC", State: room.StateScheduled, Created: start, Version: 1}
	largest := want
	largest.ID, largest.Title = id.NewRoom(), strings.Repeat("👩🏽‍🚀", 100)
	largest.Description = strings.Repeat("👩🏽‍🚀", 2000)
	for range 100 {
		largest.Speakers = append(largest.Speakers, id.NewUser())
	}
	put(t, s, want, bare, largest)
	for _, want := range []room.Room{want, bare, largest} {
		if got, err := s.Load(ctx, want.App, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("loaded %+v, %v, want %+v", got, err, want)
		}
	}
	if _, err := s.Load(ctx, want.App, id.NewRoom()); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("no room: %v", err)
	}
	if _, err := s.Load(ctx, "other", want.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("another app's: %v", err)
	}
}

func testVersions(t *testing.T, s room.Store) {
	ctx, r := context.Background(), newRoom()
	r.Version = 2
	if err := s.Put(ctx, r); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 2 of nothing: %v", err)
	}
	r.Version = 1
	put(t, s, r)
	if err := s.Put(ctx, r); !fault.Is(err, fault.CodeConflict) {
		t.Errorf("version 1 again: %v", err)
	}
	r = live(r, 1)
	put(t, s, r)
	if got, err := s.Load(ctx, r.App, r.ID); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("loaded %+v, %v, want %+v", got, err, r)
	}
}

// testRestart restarts the store after all that it keeps was written.
func testRestart(t *testing.T, open func() room.Store) {
	ctx, s := context.Background(), open()
	scheduled, started, over := newRoom(), newRoom(), newRoom()
	put(t, s, scheduled, started, over)
	started, over = live(started, 1), live(over, 2)
	put(t, s, started, over)
	over.State, over.Ended, over.Version = room.StateEnded, start.Add(time.Hour), over.Version+1
	put(t, s, over)
	c := room.Claim{App: id.Main, User: id.NewUser(), Key: "k", Sum: [32]byte{1}, Room: id.NewRoom(), Expires: start.Add(time.Minute)}
	if _, err := s.Claim(ctx, c, start); err != nil {
		t.Fatal(err)
	}
	s = open()
	for _, want := range []room.Room{scheduled, started, over} {
		if got, err := s.Load(ctx, want.App, want.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after a restart loaded %+v, %v, want %+v", got, err, want)
		}
	}
	expectLive(t, s, id.Main, started)
	later := c
	later.Room = id.NewRoom()
	if got, err := s.Claim(ctx, later, start.Add(time.Second)); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("after a restart in force is %+v, %v, want %+v", got, err, c)
	}
	if err := s.Put(ctx, live(scheduled, 3)); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
