// Package roomstore owns the contract that every store of rooms keeps; the stores stand in the folders below.
package roomstore

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/room"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

// Test checks a store against the contract. Open makes an empty one; what it opens it closes with the test.
func Test(t *testing.T, open func(*testing.T) room.Store) {
	for name, test := range map[string]func(*testing.T, room.Store){
		"what is put is loaded": testLoad, "versions": testVersions, "one of many writers": testRace,
		"live rooms": testLive, "pages": testPages, "claims": testClaims, "claims race": testClaimRace,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
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
	put(t, s, want, bare)
	for _, want := range []room.Room{want, bare} {
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

func testRace(t *testing.T, s room.Store) {
	r := newRoom()
	put(t, s, r)
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		won  int
	)
	for i := range 8 {
		work.Go(func() {
			err := s.Put(context.Background(), live(r, i))
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
	if listed, err := s.Live(context.Background(), r.App, room.Place{}, 10); won != 1 || err != nil || len(listed) != 1 {
		t.Errorf("%d wrote version 2, %d are listed, %v", won, len(listed), err)
	}
}

func testLive(t *testing.T, s room.Store) {
	ctx, first, second, elsewhere := context.Background(), newRoom(), newRoom(), newRoom()
	elsewhere.App = "other"
	put(t, s, first, second, elsewhere, newRoom(), live(first, 1), live(second, 2), live(elsewhere, 3))
	expect := func(app id.App, want ...id.Room) {
		t.Helper()
		rooms, err := s.Live(ctx, app, room.Place{}, 10)
		var got []id.Room
		for _, r := range rooms {
			got = append(got, r.ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, %v, want %v", app, got, err, want)
		}
	}
	expect(id.Main, second.ID, first.ID)
	expect("other", elsewhere.ID)
	expect("mai")
	over := live(second, 2)
	over.State, over.Ended, over.Version = room.StateEnded, start.Add(time.Hour), 3
	put(t, s, over)
	expect(id.Main, first.ID)
}

func testPages(t *testing.T, s room.Store) {
	const rooms = 25
	want := map[id.Room]bool{}
	for i := range rooms {
		r := newRoom()
		want[r.ID] = true
		put(t, s, r, live(r, i/2)) // two start at one moment
	}
	var (
		after room.Place
		last  = start.Add(time.Hour)
	)
	for pages := 0; ; pages++ {
		page, err := s.Live(context.Background(), id.Main, after, 4)
		if err != nil || pages > rooms {
			t.Fatal(pages, err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			if !want[r.ID] || r.Started.After(last) {
				t.Fatalf("room %s of %v comes twice or after %v", r.ID, r.Started, last)
			}
			delete(want, r.ID)
			last, after = r.Started, room.Place{Started: r.Started, Room: r.ID}
		}
		if pages == 2 {
			r := newRoom()
			put(t, s, r, live(r, 1000)) // newer than where the pages are
		}
	}
	if len(want) != 0 {
		t.Errorf("%d rooms are on no page", len(want))
	}
}

func testClaims(t *testing.T, s room.Store) {
	ctx, now := context.Background(), start
	first := room.Claim{
		App: id.Main, User: id.NewUser(), Key: "k", Sum: [32]byte{1}, Room: id.NewRoom(), Expires: now.Add(10 * time.Minute),
	}
	second, stranger := first, first
	second.Sum, second.Room, second.Expires = [32]byte{2}, id.NewRoom(), now.Add(20*time.Minute)
	stranger.User = id.NewUser()
	for _, c := range []struct {
		claim room.Claim
		at    time.Time
		want  room.Claim
	}{
		{first, now, first}, {first, now, first}, {second, now.Add(10*time.Minute - 1), first}, {stranger, now, stranger},
		{second, now.Add(10 * time.Minute), second}, {first, now.Add(11 * time.Minute), second},
	} {
		if got, err := s.Claim(ctx, c.claim, c.at); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("at %v in force is %+v, %v, want %+v", c.at, got, err, c.want)
		}
	}
}

func testClaimRace(t *testing.T, s room.Store) {
	user := id.NewUser()
	rooms := make([]id.Room, 8)
	var work sync.WaitGroup
	for i := range rooms {
		work.Go(func() {
			c := room.Claim{App: id.Main, User: user, Key: "k", Room: id.NewRoom(), Expires: start.Add(time.Minute)}
			inForce, err := s.Claim(context.Background(), c, start)
			if err != nil {
				t.Error(err)
			}
			rooms[i] = inForce.Room
		})
	}
	work.Wait()
	for _, r := range rooms {
		if r != rooms[0] {
			t.Fatalf("claims in force: %v", rooms)
		}
	}
}
