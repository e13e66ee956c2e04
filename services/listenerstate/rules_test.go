package listenerstate

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var (
	host     = id.User("us_h0000000000000000000")
	speaker  = id.User("us_s0000000000000000000")
	invited  = id.User("us_j0000000000000000000")
	stranger = id.User("us_x0000000000000000000")
	noon     = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// told is the stage after changes, in order.
func told(changes ...Change) Stage {
	var stage Stage
	for i, change := range changes {
		e := Event{WallTime: noon, Change: change}
		e.Position.Term, e.Position.Offset = 1, uint64(i+1)
		stage = evolve(stage, e)
	}
	return stage
}

func opened(change func(*RoomOpened)) RoomOpened {
	e := RoomOpened{Host: host, Title: "Morning", MaxSeats: 3, Speakers: []id.User{speaker, invited}}
	if change != nil {
		change(&e)
	}
	return e
}

// live is a room in which the host has seat 1 and speaks, and the speaker has seat 2 and is muted.
func live() Stage {
	return told(opened(nil), Seated{User: host, Seat: 1, Role: RoleHost}, Seated{User: speaker, Seat: 2, Role: RoleSpeaker, Muted: true})
}

func TestEveryRoleWithEveryCommand(t *testing.T) {
	const (
		yes = "" // a change
		no  = fault.CodeForbidden
		off = fault.Code("nothing changes")
	)
	actors := []Actor{{User: host}, {User: speaker}, {User: invited}, {User: stranger}, {Service: ServiceRoom}, {Service: ServiceSFU}, {Service: ServiceTimer}}
	for _, row := range []struct {
		name    string
		command Command
		want    [7]fault.Code // by actors
	}{
		{"open for the same host", OpenRoom{Host: host}, [7]fault.Code{off, no, no, no, off, no, no}},
		{"open for another host", OpenRoom{Host: speaker}, [7]fault.Code{no, fault.CodeConflict, no, no, fault.CodeConflict, no, no}},
		{"end", EndRoom{}, [7]fault.Code{yes, no, no, no, yes, no, no}},
		{"take a seat", TakeSeat{}, [7]fault.Code{off, off, yes, no, no, no, no}},
		{"unseat the host", LeaveSeat{host}, [7]fault.Code{yes, no, no, no, no, no, no}},
		{"unseat the speaker", LeaveSeat{speaker}, [7]fault.Code{yes, yes, no, no, no, no, no}},
		{"unseat one without a seat", LeaveSeat{invited}, [7]fault.Code{off, no, off, no, no, no, no}},
		{"mute the host", Mute{host}, [7]fault.Code{yes, no, no, no, no, no, no}},
		{"mute the muted speaker", Mute{speaker}, [7]fault.Code{off, off, no, no, no, no, no}},
		{"mute one without a seat", Mute{invited}, [7]fault.Code{fault.CodeNotSeated, no, fault.CodeNotSeated, no, no, no, no}},
		{"unmute the speaking host", Unmute{host}, [7]fault.Code{off, no, no, no, no, no, no}},
		{"unmute the speaker", Unmute{speaker}, [7]fault.Code{no, yes, no, no, no, no, no}},
		{"unmute one without a seat", Unmute{stranger}, [7]fault.Code{no, no, no, fault.CodeNotSeated, no, no, no}},
		{"anchor", AnchorOrigin{Epoch: 1, WallTime: noon, Node: "sfu-1"}, [7]fault.Code{no, no, no, no, no, yes, no}},
	} {
		for i, by := range actors {
			changes, err := row.command.decide(live(), by)
			got := fault.Code(yes)
			if err != nil {
				got = fault.From(err).Code
			} else if len(changes) == 0 {
				got = off
			}
			if got != row.want[i] {
				t.Errorf("%s by %s: %q, want %q", row.name, by, got, row.want[i])
			}
		}
	}
}

func TestCommandsBeforeAndAfterTheRoom(t *testing.T) {
	over := told(opened(nil), RoomEnded{})
	for _, command := range []Command{
		OpenRoom{Host: host}, EndRoom{}, TakeSeat{}, LeaveSeat{host}, Mute{host}, Unmute{host}, AnchorOrigin{Epoch: 9, WallTime: noon, Node: "a"},
	} {
		for _, by := range []Actor{{User: host}, {Service: ServiceSFU}} {
			if _, anchors := command.(AnchorOrigin); anchors != (by.Service == ServiceSFU) {
				continue
			}
			if _, err := command.decide(over, by); !fault.Is(err, fault.CodeEnded) {
				t.Errorf("%s in an ended room: %v", command.kind(), err)
			}
			_, err := command.decide(Stage{}, by)
			if _, opens := command.(OpenRoom); opens && err != nil || !opens && !fault.Is(err, fault.CodeNotFound) {
				t.Errorf("%s in an unknown room: %v", command.kind(), err)
			}
		}
	}
}

func TestSeatsAreGivenFromBelow(t *testing.T) {
	stage := told(opened(func(e *RoomOpened) { e.OpenStage = true }), Seated{User: speaker, Seat: 1}, Seated{User: invited, Seat: 3})
	changes, err := TakeSeat{Name: "Ada", Muted: true}.decide(stage, Actor{User: stranger})
	want := []Change{Seated{User: stranger, Seat: 2, Role: RoleSpeaker, Muted: true, Name: Name{Plain: "Ada"}}}
	if err != nil || !reflect.DeepEqual(changes, want) {
		t.Fatalf("%+v, %v; want %+v", changes, err, want)
	}
	stage = evolve(stage, Event{Change: changes[0]})
	if _, err := (TakeSeat{}).decide(stage, Actor{User: host}); !fault.Is(err, fault.CodeStageFull) {
		t.Errorf("a fourth person on three seats: %v", err)
	}
}

func TestTheEndUnseatsEveryoneFirst(t *testing.T) {
	events, err := decide(live(), Request{Actor: Actor{User: host}, ID: "e", Command: EndRoom{}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var got []Change
	for _, e := range events {
		got = append(got, e.Change)
	}
	want := []Change{Unseated{host, 1, UnseatEnded}, Unseated{speaker, 2, UnseatEnded}, RoomEnded{}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestEpochsAndNumbersRise(t *testing.T) {
	stage := told(opened(nil), OriginAnchored{Epoch: 5, FirstNumber: 100, WallTime: noon, Node: "sfu-1"})
	for _, c := range []struct {
		epoch, number uint64
		want          fault.Code
	}{{4, 200, fault.CodeConflict}, {5, 200, fault.CodeConflict}, {6, 99, fault.CodeConflict}, {6, 100, ""}, {7, 200, ""}} {
		_, err := AnchorOrigin{Epoch: c.epoch, FirstNumber: c.number, WallTime: noon, Node: "sfu-2"}.decide(stage, Actor{Service: ServiceSFU})
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("epoch %d from %d: %v, want %q", c.epoch, c.number, err, c.want)
		}
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	events, err := decide(live(), Request{Actor: Actor{User: host}, ID: "m", Command: Mute{host}}, noon.Add(-time.Hour))
	if err != nil || len(events) != 1 || !events[0].WallTime.Equal(noon) {
		t.Errorf("an hour before the last event: %+v, %v", events, err)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	by := Actor{User: host}
	for name, r := range map[string]Request{
		"no actor":           {ID: "c", Command: EndRoom{}},
		"two actors":         {Actor: Actor{host, ServiceRoom}, ID: "c", Command: EndRoom{}},
		"strange service":    {Actor: Actor{Service: "cron"}, ID: "c", Command: EndRoom{}},
		"no id":              {Actor: by, Command: EndRoom{}},
		"long id":            {Actor: by, ID: id.Command(long(65)), Command: EndRoom{}},
		"no command":         {Actor: by, ID: "c"},
		"no host":            {Actor: by, ID: "c", Command: OpenRoom{}},
		"101 seats":          {Actor: by, ID: "c", Command: OpenRoom{Host: host, MaxSeats: 101}},
		"long title":         {Actor: by, ID: "c", Command: OpenRoom{Host: host, Title: long(2049)}},
		"control characters": {Actor: by, ID: "c", Command: OpenRoom{Host: host, Title: "a\nb"}},
		"right to left":      {Actor: by, ID: "c", Command: TakeSeat{Name: "a\u202eb"}},
		"no UTF-8":           {Actor: by, ID: "c", Command: TakeSeat{Name: "\xff"}},
		"long name":          {Actor: by, ID: "c", Command: TakeSeat{Name: long(1025)}},
		"strange language":   {Actor: by, ID: "c", Command: OpenRoom{Host: host, Language: "de/AT"}},
		"strange speaker":    {Actor: by, ID: "c", Command: OpenRoom{Host: host, Speakers: []id.User{"us_1"}}},
		"101 speakers":       {Actor: by, ID: "c", Command: OpenRoom{Host: host, Speakers: make([]id.User, 101)}},
		"no user to unseat":  {Actor: by, ID: "c", Command: LeaveSeat{}},
		"no user to mute":    {Actor: by, ID: "c", Command: Mute{"x"}},
		"no user to unmute":  {Actor: by, ID: "c", Command: Unmute{"x"}},
		"epoch 0":            {Actor: by, ID: "c", Command: AnchorOrigin{WallTime: noon, Node: "a"}},
		"no wall time":       {Actor: by, ID: "c", Command: AnchorOrigin{Epoch: 1, Node: "a"}},
		"strange node":       {Actor: by, ID: "c", Command: AnchorOrigin{Epoch: 1, WallTime: noon, Node: "A b"}},
	} {
		if err := r.check(); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, command := range []Command{OpenRoom{Host: host, Title: "Grüße 👋🏽", Language: "de-AT"}, TakeSeat{Name: "Zoë"}, LeaveSeat{host}} {
		if err := (Request{Actor: by, ID: "c", Command: command}).check(); err != nil {
			t.Errorf("%+v: %v", command, err)
		}
	}
}
