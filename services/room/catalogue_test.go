package room_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	"rostrum/services/room"
)

const never = time.Hour

func TestARoomIsClosedUnlessItsHostOpensIt(t *testing.T) {
	w := newWorld(t, never)
	r := w.create(func(in *roomv1.CreateRoomRequest) { in.Title = " Zoe\u0308 talks " })
	want := &roomv1.Room{
		App: "main", Id: r.GetId(), Title: "Zoë talks", Host: w.host, HostName: "Ada", State: listenv1.RoomState_ROOM_STATE_SCHEDULED,
		TimeZone: "UTC", MaxSeats: 20, CreatedAt: timestamppb.New(w.clock()), Version: 1,
	}
	if !proto.Equal(r, want) || !proto.Equal(w.get(r.GetId()), want) {
		t.Errorf("made %v, found %v, want %v", r, w.get(r.GetId()), want)
	}
}

func TestStrangeDraftsAreRefused(t *testing.T) {
	w := newWorld(t, never)
	many := make([]string, 101)
	for i := range many {
		many[i] = string(id.NewUser())
	}
	for name, change := range map[string]func(*roomv1.CreateRoomRequest){
		"app":              func(in *roomv1.CreateRoomRequest) { in.App = "" },
		"user":             func(in *roomv1.CreateRoomRequest) { in.User = "ada" },
		"user name":        func(in *roomv1.CreateRoomRequest) { in.UserName = "" },
		"no title":         func(in *roomv1.CreateRoomRequest) { in.Title = " " },
		"long title":       func(in *roomv1.CreateRoomRequest) { in.Title = strings.Repeat("a", 101) },
		"title direction":  func(in *roomv1.CreateRoomRequest) { in.Title = "a\u202eb" },
		"long description": func(in *roomv1.CreateRoomRequest) { in.Description = strings.Repeat("a", 2001) },
		"language":         func(in *roomv1.CreateRoomRequest) { in.Language = "en_GB" },
		"language subtag":  func(in *roomv1.CreateRoomRequest) { in.Language = "en-" },
		"zone":             func(in *roomv1.CreateRoomRequest) { in.TimeZone = "Europe/Atlantis" },
		"zone of machine":  func(in *roomv1.CreateRoomRequest) { in.TimeZone = "Local" },
		"zone as path":     func(in *roomv1.CreateRoomRequest) { in.TimeZone = "../../etc/passwd" },
		"seats":            func(in *roomv1.CreateRoomRequest) { in.MaxSeats = 101 },
		"speakers":         func(in *roomv1.CreateRoomRequest) { in.Speakers = []string{"ada"} },
		"many speakers":    func(in *roomv1.CreateRoomRequest) { in.Speakers = many },
		"key":              func(in *roomv1.CreateRoomRequest) { in.IdempotencyKey = strings.Repeat("k", 65) },
		"key with space":   func(in *roomv1.CreateRoomRequest) { in.IdempotencyKey = "a b" },
		"past":             func(in *roomv1.CreateRoomRequest) { in.ScheduledFor = timestamppb.New(w.clock().Add(-time.Hour)) },
		"far future":       func(in *roomv1.CreateRoomRequest) { in.ScheduledFor = timestamppb.New(w.clock().AddDate(2, 0, 0)) },
		"no time":          func(in *roomv1.CreateRoomRequest) { in.ScheduledFor = &timestamppb.Timestamp{Nanos: -1} },
	} {
		in := w.draft()
		change(in)
		if _, err := w.CreateRoom(t.Context(), in); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSpeakersAreListedOnceAndWithoutTheHost(t *testing.T) {
	w := newWorld(t, never)
	one, two := string(id.NewUser()), string(id.NewUser())
	r := w.create(func(in *roomv1.CreateRoomRequest) { in.Speakers = []string{one, w.host, two, one} })
	if !slices.Equal(r.GetSpeakers(), []string{one, two}) {
		t.Errorf("speakers %v", r.GetSpeakers())
	}
}

func TestIdempotencyKeys(t *testing.T) {
	w := newWorld(t, never)
	keyed := func(in *roomv1.CreateRoomRequest) {
		in.IdempotencyKey, in.ScheduledFor = "k1", timestamppb.New(time.Date(2026, 3, 1, 11, 59, 0, 0, time.UTC))
	}
	first := w.create(keyed)
	w.pass(9 * time.Minute)
	if again := w.create(keyed); !proto.Equal(again, first) {
		t.Errorf("again %v, want %v", again, first)
	}
	other := w.draft()
	keyed(other)
	other.Title = "Another"
	if _, err := w.CreateRoom(t.Context(), other); !fault.Is(err, fault.CodeIdempotencyMismatch) {
		t.Errorf("another body: %v", err)
	}
	stranger := w.create(func(in *roomv1.CreateRoomRequest) { keyed(in); in.User = string(id.NewUser()) })
	without := w.create(nil)
	w.pass(2 * time.Minute)
	later := w.create(keyed)
	ids := []string{first.GetId(), stranger.GetId(), without.GetId(), later.GetId()}
	if slices.Sort(ids); len(slices.Compact(ids)) != 4 {
		t.Errorf("rooms are not of their own: %v", ids)
	}
}

func TestALife(t *testing.T) {
	w := newWorld(t, never)
	r := w.create(func(in *roomv1.CreateRoomRequest) { in.OpenStage = true }).GetId()
	if err := w.end(r); !fault.Is(err, fault.CodeNotLive) {
		t.Errorf("ended before the start: %v", err)
	}
	guest := string(id.NewUser())
	if _, err := w.StartRoom(t.Context(), &roomv1.StartRoomRequest{App: "main", Room: r, User: guest}); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("a guest started it: %v", err)
	}
	for range 2 {
		if err := w.start(r); err != nil {
			t.Fatal(err)
		}
	}
	live := w.get(r)
	if live.GetState() != listenv1.RoomState_ROOM_STATE_LIVE || !live.GetStartedAt().AsTime().Equal(w.clock()) || live.GetVersion() != 2 {
		t.Errorf("live: %v", live)
	}
	if _, err := w.EndRoom(t.Context(), &roomv1.EndRoomRequest{App: "main", Room: r, User: guest}); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("a guest ended it: %v", err)
	}
	w.pass(time.Hour)
	for range 2 {
		if err := w.end(r); err != nil {
			t.Fatal(err)
		}
	}
	over := w.get(r)
	if over.GetState() != listenv1.RoomState_ROOM_STATE_ENDED || !over.GetEndedAt().AsTime().Equal(w.clock()) || over.GetVersion() != 3 {
		t.Errorf("over: %v", over)
	}
	if err := w.start(r); !fault.Is(err, fault.CodeEnded) {
		t.Errorf("started again: %v", err)
	}
	if want := []string{"open:" + r, "end:" + r}; !slices.Equal(w.stages.commands, want) {
		t.Errorf("commands %v, want %v", w.stages.commands, want)
	}
	if err := w.start(string(id.NewRoom())); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("no room: %v", err)
	}
}

// The stage log is away after it took a command, or the row was not written: the next call brings both together.
func TestACommandHalfDoneIsFinished(t *testing.T) {
	w := newWorld(t, never)
	r := w.create(nil).GetId()
	w.stages.setAway(true)
	if err := w.start(r); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("without the stage log: %v", err)
	}
	if state := w.get(r).GetState(); state != listenv1.RoomState_ROOM_STATE_SCHEDULED {
		t.Errorf("the row says %v", state)
	}
	w.stages.setAway(false)
	if err := w.start(r); err != nil {
		t.Fatal(err)
	}
	w.stages.change(r, func(s *listenerstatev1.Stage) {
		s.State, s.EndedAt = listenv1.RoomState_ROOM_STATE_ENDED, timestamppb.New(w.clock())
	})
	if err := w.end(r); err != nil {
		t.Errorf("a stage that is over already: %v", err)
	}
	if state := w.get(r).GetState(); state != listenv1.RoomState_ROOM_STATE_ENDED {
		t.Errorf("the row says %v", state)
	}
}

func TestRowsFollowTheirStages(t *testing.T) {
	w := newWorld(t, 20*time.Millisecond)
	ends, stays, lost := w.create(nil).GetId(), w.create(nil).GetId(), w.create(nil).GetId()
	for _, r := range []string{ends, stays, lost} {
		if err := w.start(r); err != nil {
			t.Fatal(err)
		}
	}
	w.stages.mu.Lock()
	delete(w.stages.of, lost)
	w.stages.mu.Unlock()
	w.stages.change(ends, func(s *listenerstatev1.Stage) {
		s.State, s.EndedAt = listenv1.RoomState_ROOM_STATE_ENDED, timestamppb.New(w.clock())
	})
	testkit.Eventually(t, time.Minute, func() error {
		if state := w.get(ends).GetState(); state != listenv1.RoomState_ROOM_STATE_ENDED {
			return fmt.Errorf("the row says %v", state)
		}
		return nil
	})
	for _, r := range []string{stays, lost} {
		if state := w.get(r).GetState(); state != listenv1.RoomState_ROOM_STATE_LIVE {
			t.Errorf("another row says %v", state)
		}
	}
}

func TestListing(t *testing.T) {
	w := newWorld(t, never)
	var want []string
	for range 25 {
		r := w.create(nil).GetId()
		if err := w.start(r); err != nil {
			t.Fatal(err)
		}
		want = append(want, r)
		w.pass(time.Second)
	}
	slices.Reverse(want)
	w.create(nil) // not live
	var got []string
	in := &roomv1.ListRoomsRequest{App: "main", Limit: 10}
	for {
		page, err := w.ListRooms(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.GetRooms() {
			got = append(got, r.GetId())
		}
		if in.Cursor = page.GetNextCursor(); in.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if page, err := w.ListRooms(t.Context(), &roomv1.ListRoomsRequest{App: "main"}); err != nil || len(page.GetRooms()) != 20 {
		t.Errorf("without a limit %d, %v", len(page.GetRooms()), err)
	}
}

func TestStrangeListingsAreRefused(t *testing.T) {
	w := newWorld(t, never)
	for range 2 {
		if err := w.start(w.create(nil).GetId()); err != nil {
			t.Fatal(err)
		}
	}
	page, err := w.ListRooms(t.Context(), &roomv1.ListRoomsRequest{App: "main", Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	good := page.GetNextCursor()
	forged := "B" + good[1:]
	if forged == good {
		forged = "C" + good[1:]
	}
	for name, in := range map[string]*roomv1.ListRoomsRequest{
		"app": {App: "A"}, "limit": {App: "main", Limit: 101}, "huge limit": {App: "main", Limit: 1 << 31}, "cursor": {App: "main", Cursor: "x"},
		"forged": {App: "main", Cursor: forged}, "another app's": {App: "other", Cursor: good}, "long": {App: "main", Cursor: strings.Repeat(good, 1000)},
	} {
		if _, err := w.ListRooms(t.Context(), in); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAServiceSaysAllThatIsMissing(t *testing.T) {
	_, err := room.New(room.Config{CursorKey: []byte("short")})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v", err)
	}
}
