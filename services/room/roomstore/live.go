package roomstore

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/room"
)

// indexedWithin is how far behind its table an index of live rooms may be.
const indexedWithin = 10 * time.Second

// expectLive wants exactly these rooms listed, in this order.
func expectLive(t *testing.T, s room.Store, app id.App, want ...room.Room) {
	t.Helper()
	testkit.Eventually(t, indexedWithin, func() error {
		got, err := s.Live(context.Background(), app, room.Place{}, len(want)+1)
		if err == nil && !slices.EqualFunc(got, want, func(a, b room.Room) bool { return reflect.DeepEqual(a, b) }) {
			err = fmt.Errorf("%s lists %+v, want %+v", app, got, want)
		}
		return err
	})
}

func testLive(t *testing.T, s room.Store) {
	first, second, elsewhere := newRoom(), newRoom(), newRoom()
	elsewhere.App = "other"
	put(t, s, first, second, elsewhere, newRoom())
	expectLive(t, s, id.Main)
	first, second, elsewhere = live(first, 1), live(second, 2), live(elsewhere, 3)
	put(t, s, first, second, elsewhere)
	expectLive(t, s, id.Main, second, first)
	expectLive(t, s, "other", elsewhere)
	expectLive(t, s, "mai")
	first.Title, first.Version = "another title", first.Version+1
	put(t, s, first)
	expectLive(t, s, id.Main, second, first)
	if got, err := s.Live(context.Background(), id.Main, room.Place{}, 1); err != nil || len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("the newest one: %+v, %v", got, err)
	}
	second.State, second.Ended, second.Version = room.StateEnded, start.Add(time.Hour), second.Version+1
	put(t, s, second)
	expectLive(t, s, id.Main, first)
}

func testPages(t *testing.T, s room.Store) {
	const rooms, sameMoment = 40, 3
	want := map[id.Room]bool{}
	for i := range rooms {
		r := newRoom()
		want[r.ID] = true
		put(t, s, r, live(r, i/sameMoment))
	}
	testkit.Eventually(t, indexedWithin, func() error {
		listed, err := s.Live(context.Background(), id.Main, room.Place{}, 2*rooms)
		if err == nil && len(listed) != rooms {
			err = fmt.Errorf("%d rooms are listed of %d", len(listed), rooms)
		}
		return err
	})
	for _, limit := range []int{1, 4, rooms} {
		t.Run(fmt.Sprint("of ", limit), func(t *testing.T) { testPagesOf(t, s, limit, maps.Clone(want)) })
	}
}

// testPagesOf turns the pages of rooms that started in one minute, while newer ones start.
func testPagesOf(t *testing.T, s room.Store, limit int, want map[id.Room]bool) {
	var (
		after room.Place
		last  = start.Add(time.Minute)
		all   = len(want)
	)
	after.Started = last // newer ones of the test before
	after.Room = "rm_"
	for pages := 0; ; pages++ {
		page, err := s.Live(context.Background(), id.Main, after, limit)
		if err != nil || pages > all {
			t.Fatal(pages, err)
		}
		if left := len(want); len(page) != min(limit, left) {
			t.Fatalf("a page of %d rooms, with %d left", len(page), left)
		}
		if len(page) == 0 {
			return
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
}
