package listenerstate

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

func TestARoomsLife(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, key := h.open(t), chain.Key{App: id.Main, Room: id.NewRoom()}
		for i, step := range []struct {
			r      Request
			events int
			seats  string
		}{
			{request(host, OpenRoom{Host: host, Title: "Morning", Speakers: []id.User{speaker}}), 1, "[]"},
			{request(host, OpenRoom{Host: host}), 0, "[]"},
			{request(host, TakeSeat{Name: "Hanna"}), 1, "[1 h]"},
			{request(speaker, TakeSeat{Name: "Stella", Muted: true}), 1, "[1 h 2 s muted]"},
			{request(speaker, TakeSeat{Name: "Stella"}), 0, "[1 h 2 s muted]"},
			{request(speaker, Unmute{speaker}), 1, "[1 h 2 s]"},
			{request(host, Mute{speaker}), 1, "[1 h 2 s muted]"},
			{request(host, EndRoom{}), 3, "[]"},
		} {
			answer := apply(t, s, key, step.r)
			if len(answer.Entries) != step.events || seatsOf(answer.Stage) != step.seats || answer.Stage.Position != answer.Position {
				t.Fatalf("step %d: %d events, seats %s at %s; want %d, %s", i, len(answer.Entries), seatsOf(answer.Stage), answer.Position, step.events, step.seats)
			}
			stage, err := s.Stage(context.Background(), key, answer.Position)
			if err != nil || !reflect.DeepEqual(stage, answer.Stage) {
				t.Fatalf("step %d: read %+v, %v; was answered %+v", i, stage, err, answer.Stage)
			}
		}
		if events := h.verify(t, key); len(events) != 8 {
			t.Errorf("%d events are archived", len(events))
		}
		again, err := h.open(t).Stage(context.Background(), key, chain.Position{})
		if err != nil || again.State != StateEnded || again.Position != (chain.Position{Term: 1, Offset: 8}) {
			t.Errorf("another instance reads %+v, %v", again, err)
		}
		_, err = s.Apply(context.Background(), key, request(host, OpenRoom{Host: host}))
		wantFault(t, "opening an ended room", err, fault.CodeEnded)
	})
}

// seatsOf draws seats by number and the fourth letter of the user id.
func seatsOf(stage Stage) string {
	var out []string
	for _, seat := range stage.Seats {
		text := fmt.Sprintf("%d %c", seat.Number, seat.User[3])
		if seat.Muted {
			text += " muted"
		}
		out = append(out, text)
	}
	return fmt.Sprint(out)
}

func TestUnknownRooms(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, key := h.open(t), chain.Key{App: id.Main, Room: id.NewRoom()}
		_, err := s.Apply(context.Background(), key, request(host, TakeSeat{}))
		wantFault(t, "apply", err, fault.CodeNotFound)
		_, err = s.Stage(context.Background(), key, chain.Position{})
		wantFault(t, "stage", err, fault.CodeNotFound)
		_, err = s.Watch(context.Background(), key, chain.Position{})
		wantFault(t, "watch", err, fault.CodeNotFound)
		key = openRoom(t, s)
		_, err = s.Stage(context.Background(), key, chain.Position{Term: 1, Offset: 2})
		wantFault(t, "a position to come", err, fault.CodeFromAhead)
		other := key
		other.App = "other"
		_, err = s.Stage(context.Background(), other, chain.Position{})
		wantFault(t, "another app's room", err, fault.CodeNotFound)
	})
}

func TestTheSameCommandAgain(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		seat := request(speaker, TakeSeat{Name: "Stella"})
		first := apply(t, s, key, seat)
		apply(t, s, key, request(speaker, LeaveSeat{speaker}))
		end := request(host, EndRoom{})
		over := apply(t, s, key, end)
		for name, instance := range map[string]*Service{"this instance": s, "another one": h.open(t)} {
			for _, c := range []struct {
				r    Request
				want Answer
			}{{seat, first}, {end, over}} {
				again := apply(t, instance, key, c.r)
				if again.Position != c.want.Position || !reflect.DeepEqual(again.Entries, c.want.Entries) || again.Stage.State != StateEnded {
					t.Errorf("%s answers %+v, first was %+v", name, again, c.want)
				}
			}
			changed := seat
			changed.Payload[0]++
			_, err := instance.Apply(context.Background(), key, changed)
			wantFault(t, "another payload", err, fault.CodeIdempotencyMismatch)
			stolen := seat
			stolen.Actor.User = stranger
			_, err = instance.Apply(context.Background(), key, stolen)
			wantFault(t, "another's command id", err, fault.CodeEnded)
		}
	})
}

func TestACommandThatChangedNothingIsKnownToo(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		apply(t, s, key, request(speaker, TakeSeat{}))
		nothing := request(speaker, TakeSeat{})
		first := apply(t, s, key, nothing)
		apply(t, s, key, request(speaker, LeaveSeat{speaker}))
		again := apply(t, s, key, nothing)
		if len(again.Entries) != 0 || again.Position != first.Position || len(again.Stage.Seats) != 0 {
			t.Errorf("a late repetition seated somebody: %+v", again)
		}
	})
}

func TestARefusedCommandMayComeAgain(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		mute := request(host, Mute{speaker})
		_, err := s.Apply(context.Background(), key, mute)
		wantFault(t, "nobody to mute", err, fault.CodeNotSeated)
		apply(t, s, key, request(speaker, TakeSeat{}))
		if answer := apply(t, s, key, mute); len(answer.Entries) != 1 {
			t.Errorf("the second try did %+v", answer.Entries)
		}
	})
}

func TestOneCommandFromManyAtOnce(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		instances := []*Service{h.open(t), h.open(t)}
		key := openRoom(t, instances[0])
		r := request(speaker, TakeSeat{Name: "Stella"})
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				answer, err := instances[i%2].Apply(context.Background(), key, r)
				if err != nil || answer.Position.Offset != 2 || len(answer.Entries) != 1 {
					t.Errorf("%+v, %v", answer, err)
				}
			})
		}
		all.Wait()
		if events := h.verify(t, key); len(events) != 2 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestNamesDieWithTheirKey(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s, ctx := h.open(t), context.Background()
		rpc := &server{service: s}
		key := openRoom(t, s)
		apply(t, s, key, request(speaker, TakeSeat{Name: "Stella"}))
		name := func() string {
			t.Helper()
			stage, err := s.Stage(ctx, key, chain.Position{})
			if err != nil {
				t.Fatal(err)
			}
			wire, err := rpc.openStage(ctx, key, View{Stage: stage}, false)
			if err != nil {
				t.Fatal(err)
			}
			return wire.GetSeats()[0].GetName()
		}
		if got := name(); got != "Stella" {
			t.Fatalf("the name is %q", got)
		}
		if err := h.keys.DestroyKey(ctx, key.App, speaker); err != nil {
			t.Fatal(err)
		}
		if got := name(); got != "" {
			t.Errorf("without its key the name is %q", got)
		}
		apply(t, s, key, request(speaker, LeaveSeat{speaker}))
		apply(t, s, key, request(speaker, TakeSeat{Name: "Nova"}))
		if got := name(); got != "Nova" {
			t.Errorf("under a new key the name is %q", got)
		}
		events := h.verify(t, key)
		entry := Entry{Event: events[1]}
		var err error
		if entry.Bytes, err = encodeEvent(key, events[1]); err != nil {
			t.Fatal(err)
		}
		if old, err := rpc.openEntry(ctx, key, entry); err != nil || old.GetOpened()[fieldName] != "" {
			t.Errorf("the old event opens to %v, %v", old.GetOpened(), err)
		}
	})
}

func TestFewRoomsInMemory(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t, func(c *Config) { c.RoomsMost = 2 })
		var keys []chain.Key
		for range 5 {
			keys = append(keys, openRoom(t, s))
			h.settled(t, keys[len(keys)-1]) // a room stays in memory while the archive lacks a part of it
		}
		for _, key := range keys {
			apply(t, s, key, request(speaker, TakeSeat{}))
			h.settled(t, key)
			if stage, err := s.Stage(context.Background(), key, chain.Position{}); err != nil || len(stage.Seats) != 1 {
				t.Errorf("%+v, %v", stage, err)
			}
		}
		if n := len(s.rooms.rooms); n > 2 {
			t.Errorf("%d rooms are in memory", n)
		}
	})
}

func TestLongLogsLoadFromSnapshots(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		apply(t, s, key, request(speaker, TakeSeat{Name: "Stella"}))
		var all sync.WaitGroup
		for range 8 { // together, so that they share transactions
			all.Go(func() { speak(t, s, key, 40) })
		}
		all.Wait()
		want, err := s.Stage(context.Background(), key, chain.Position{})
		if err != nil {
			t.Fatal(err)
		}
		h.settled(t, key)
		_, snapshot, err := h.archive.Load(context.Background(), key)
		if _, head, bad := decodeSnapshot(key, snapshot); err != nil || bad != nil || head.Offset+snapshotEvery+100 < want.Position.Offset {
			t.Errorf("at %s the snapshot is of %s, %v, %v", want.Position, head.Position, err, bad)
		}
		h.verify(t, key)
		h.wipe(t)
		got, err := h.open(t).Stage(context.Background(), key, chain.Position{})
		if err != nil || got.Position.Term != 2 {
			t.Fatalf("after the wipe: %+v, %v", got, err)
		}
		want.Position.Term = 2
		if !reflect.DeepEqual(got, want) {
			t.Errorf("loaded %+v, was %+v", got, want)
		}
	})
}

func TestTheProjectionIsTheStage(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		key := openRoom(t, s)
		apply(t, s, key, request(host, TakeSeat{}))
		apply(t, s, key, request(speaker, TakeSeat{}))
		apply(t, s, key, request(host, LeaveSeat{host}))
		seats := func() string {
			return fmt.Sprint(h.client.HGetAll(context.Background(), "{"+key.String()+"}:seats").Val())
		}
		want := fmt.Sprintf("map[2:%s]", speaker)
		if got := seats(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		h.wipe(t)
		if _, err := s.Stage(context.Background(), key, chain.Position{}); err != nil {
			t.Fatal(err)
		}
		if got := seats(); got != want {
			t.Errorf("after a repair %s, want %s", got, want)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{RoomsMost: -1}); err == nil {
		t.Error("an empty config makes a service")
	}
}

// benchmark applies commands in one room and in many, with callers enough to fill the group commit.
func benchmark(b *testing.B, h *house, rooms int) {
	s := h.open(b)
	var keys []chain.Key
	for range rooms {
		key := openRoom(b, s)
		apply(b, s, key, request(speaker, TakeSeat{}))
		found := request("", ReportMedia{User: speaker, Session: "sfu-1.00000000000000000001"})
		found.Actor = Actor{Service: ServiceSFU} // or the seat is freed, since this clock goes on with every look at it
		apply(b, s, key, found)
		keys = append(keys, key)
	}
	var mu sync.Mutex
	callers := 0
	b.SetParallelism(16) // one person speaks, and may not wait more than 32 times
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		key := keys[callers%rooms]
		callers++
		mu.Unlock()
		for muted := false; pb.Next(); muted = !muted {
			var command Command = Mute{speaker}
			if muted {
				command = Unmute{speaker}
			}
			if _, err := s.Apply(context.Background(), key, request(speaker, command)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "commands/s")
}
