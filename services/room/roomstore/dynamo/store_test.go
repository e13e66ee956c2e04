package dynamo

import (
	"fmt"
	"testing"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/room"
	"rostrum/services/room/roomstore"
)

// open opens an installation's tables, which it creates where they are missing.
func open(t *testing.T, endpoint, prefix string) *dynamo.DB {
	t.Helper()
	db, err := dynamo.Open(t.Context(), dynamo.Config{
		Endpoint: endpoint, Prefix: prefix, Credentials: dynamo.CredentialsStatic, Timeout: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.CreateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestContract(t *testing.T) {
	server, opened, installations := testkit.DynaliteOnDisk(t, t.TempDir()), false, 0
	roomstore.Test(t, func(t *testing.T) func() room.Store {
		installations++
		prefix := fmt.Sprintf("test%d-", installations)
		opened = false
		return func() room.Store {
			t.Helper()
			if opened {
				server.Stop()
				server.Start()
			}
			opened = true
			return New(open(t, server.Endpoint, prefix))
		}
	})
}

// Rooms of an app stand in every shard, and one shard may hold all that a page wants.
func TestLiveRoomsOfOneShard(t *testing.T) {
	s, ctx, start := New(open(t, testkit.Dynalite(t), "")), t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const rooms = 25
	var want []id.Room
	for len(want) < rooms {
		r := room.Room{App: id.Main, ID: id.NewRoom(), Title: "a", State: room.StateLive, Created: start, Version: 1}
		if shardOf(r.ID) != 7 {
			continue
		}
		r.Started = start.Add(-time.Duration(len(want)) * time.Second)
		if err := s.Put(ctx, r); err != nil {
			t.Fatal(err)
		}
		want = append(want, r.ID)
	}
	testkit.Eventually(t, time.Minute, func() error {
		listed, err := s.Live(ctx, id.Main, room.Place{}, rooms+1)
		if err == nil && len(listed) != rooms {
			err = fmt.Errorf("%d rooms are listed of %d", len(listed), rooms)
		}
		for i, r := range listed {
			if r.ID != want[i] {
				t.Fatalf("room %d is %s, want %s", i, r.ID, want[i])
			}
		}
		return err
	})
}

func TestRoomsSpreadOverTheShards(t *testing.T) {
	var held [shards]int
	for range shards * 200 {
		held[shardOf(id.NewRoom())]++
	}
	for shard, n := range held {
		if n < 100 || n > 400 {
			t.Errorf("shard %d has %d of %d rooms", shard, n, shards*200)
		}
	}
}

// An item that somebody else has changed is an error, never a half-read room.
func TestItemsThatCannotBeRead(t *testing.T) {
	db := open(t, testkit.Dynalite(t), "")
	s, ctx, roomID, item := New(db), t.Context(), id.NewRoom(), dynamo.Item{}
	item.SetText("state", "live")
	if _, err := db.Put(ctx, dynamo.Rooms, roomKey(id.Main, roomID), item, dynamo.Absent()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Load(ctx, id.Main, roomID); err == nil || fault.From(err).Code != fault.CodeInternal {
		t.Errorf("loaded %+v, %v", r, err)
	}
	now := time.Now()
	c := room.Claim{App: id.Main, User: id.NewUser(), Key: "a#b", Expires: now.Add(time.Minute)}
	short := dynamo.Item{}
	short.SetTime("until", c.Expires)
	short.SetBytes("sum", []byte{1})
	if _, err := db.Put(ctx, dynamo.Rooms, claimKey(c), short, dynamo.Absent()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(ctx, c, now); err == nil {
		t.Errorf("in force is %+v", got)
	}
}

func TestADatabaseThatIsDownIsUnavailable(t *testing.T) {
	server := testkit.DynaliteOnDisk(t, t.TempDir())
	s, ctx := New(open(t, server.Endpoint, "")), t.Context()
	server.Stop()
	r := room.Room{App: id.Main, ID: id.NewRoom(), Version: 1}
	_, loadErr := s.Load(ctx, r.App, r.ID)
	_, liveErr := s.Live(ctx, r.App, room.Place{}, 10)
	_, claimErr := s.Claim(ctx, room.Claim{App: r.App, User: id.NewUser(), Key: "k"}, time.Now())
	for what, err := range map[string]error{"put": s.Put(ctx, r), "load": loadErr, "live": liveErr, "claim": claimErr} {
		if !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	server.Start()
	if err := s.Put(ctx, r); err != nil {
		t.Errorf("back: %v", err)
	}
}
