package listenerstate

import (
	"reflect"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var (
	host     = id.User("us_h0000000000000000000")
	mod      = id.User("us_m0000000000000000000")
	speaker  = id.User("us_s0000000000000000000")
	invited  = id.User("us_j0000000000000000000")
	stranger = id.User("us_x0000000000000000000")
	noon     = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// told is the stage after changes, in order.
func told(changes ...Change) Stage { return toldOn(Stage{}, changes...) }

func toldOn(stage Stage, changes ...Change) Stage {
	for _, change := range changes {
		e := Event{WallTime: noon, Change: change}
		e.Position.Term, e.Position.Offset = 1, stage.Position.Offset+1
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

// try decides a command at noon.
func try(stage Stage, by Actor, command Command) ([]Change, error) {
	return tryAt(noon, stage, by, command)
}

func tryAt(now time.Time, stage Stage, by Actor, command Command) ([]Change, error) {
	events, err := decide(stage, Request{Actor: by, ID: "c", Command: command}, now)
	var changes []Change
	for _, e := range events {
		changes = append(changes, e.Change)
	}
	return changes, err
}

// TestSomePeopleWithSomeCommands has by hand what TestEveryActorWithEveryCommandAboutEveryone has from the model.
func TestSomePeopleWithSomeCommands(t *testing.T) {
	const (
		yes = "changes"
		off = "nothing"
		no  = string(fault.CodeForbidden)
		out = string(fault.CodeNotSeated)
	)
	stage := toldOn(live(), Appointed{mod})
	actors := []Actor{{User: host}, {User: mod}, {User: speaker}, {User: stranger}, {Service: ServiceRoom}, {Service: ServiceSFU}, {Service: ServiceTimer}}
	for _, row := range []struct {
		name    string
		command Command
		want    [7]string // by actors
	}{
		{"open for the same host", OpenRoom{Host: host}, [7]string{off, no, no, no, off, no, no}},
		{"open for another host", OpenRoom{Host: speaker}, [7]string{no, no, "conflict", no, "conflict", no, no}},
		{"end", EndRoom{}, [7]string{yes, no, no, no, yes, no, no}},
		{"take a seat", TakeSeat{}, [7]string{off, yes, off, no, no, no, no}},
		{"unseat the host", LeaveSeat{host}, [7]string{yes, no, no, no, no, no, no}},
		{"unseat the speaker", LeaveSeat{speaker}, [7]string{yes, yes, yes, no, no, no, no}},
		{"unseat one without a seat", LeaveSeat{invited}, [7]string{off, off, no, no, no, no, no}},
		{"mute the host", Mute{host}, [7]string{yes, yes, no, no, no, no, no}},
		{"mute the muted speaker", Mute{speaker}, [7]string{off, off, off, no, no, no, no}},
		{"mute one without a seat", Mute{invited}, [7]string{out, out, no, no, no, no, no}},
		{"unmute the speaking host", Unmute{host}, [7]string{off, no, no, no, no, no, no}},
		{"unmute the speaker", Unmute{speaker}, [7]string{no, no, yes, no, no, no, no}},
		{"unmute one without a seat", Unmute{stranger}, [7]string{no, no, no, out, no, no, no}},
		{"hold the speaker", Hold{speaker}, [7]string{yes, yes, no, no, no, no, no}},
		{"hold the host", Hold{host}, [7]string{no, no, no, no, no, no, no}},
		{"raise a hand", RaiseHand{}, [7]string{"already_seated", yes, "already_seated", yes, no, no, no}},
		{"invite a stranger", Invite{User: stranger}, [7]string{yes, yes, no, no, no, no, no}},
		{"invite the speaker", Invite{User: speaker}, [7]string{"already_seated", "already_seated", no, no, no, no, no}},
		{"accept", AcceptInvite{}, [7]string{off, "not_invited", off, "not_invited", no, no, no}},
		{"seat a stranger", SeatPerson{User: stranger}, [7]string{yes, yes, no, no, no, no, no}},
		{"appoint the speaker", Appoint{speaker}, [7]string{yes, no, no, no, no, no, no}},
		{"dismiss the moderator", Dismiss{mod}, [7]string{yes, yes, no, no, no, no, no}},
		{"remove the speaker", Remove{speaker}, [7]string{yes, yes, no, no, no, no, no}},
		{"remove the moderator", Remove{mod}, [7]string{yes, no, no, no, no, no, no}},
		{"remove the host", Remove{host}, [7]string{no, no, no, no, no, no, no}},
		{"close hands", SetHandMode{HandsClosed}, [7]string{yes, yes, no, no, no, no, no}},
		{"anchor", AnchorOrigin{Epoch: 1, WallTime: noon, Node: "sfu-1"}, [7]string{no, no, no, no, no, yes, no}},
	} {
		for i, by := range actors {
			changes, err := try(stage, by, row.command)
			if got := endedIn(len(changes), codeOf(err)); got != row.want[i] {
				t.Errorf("%s by %s: %q, want %q", row.name, by, got, row.want[i])
			}
		}
	}
}

func TestSeatsAreGivenFromBelow(t *testing.T) {
	stage := told(opened(func(e *RoomOpened) { e.OpenStage = true }), Seated{User: speaker, Seat: 1}, Seated{User: invited, Seat: 3})
	changes, err := try(stage, Actor{User: stranger}, TakeSeat{Name: "Ada", Muted: true})
	want := []Change{Seated{User: stranger, Seat: 2, Role: RoleSpeaker, Muted: true, Name: Name{Plain: "Ada"}}}
	if err != nil || !reflect.DeepEqual(changes, want) {
		t.Fatalf("%+v, %v; want %+v", changes, err, want)
	}
	if _, err := try(toldOn(stage, changes...), Actor{User: host}, TakeSeat{}); !fault.Is(err, fault.CodeStageFull) {
		t.Errorf("a fourth person on three seats: %v", err)
	}
}

func TestAnInviteKeepsASeatFree(t *testing.T) {
	stage := toldOn(live(), Invited{User: stranger, ExpiresAt: noon.Add(time.Minute)})
	for _, command := range []Command{TakeSeat{}, AcceptInvite{}} {
		if changes, err := try(stage, Actor{User: stranger}, command); err != nil || len(changes) != 2 {
			t.Errorf("the invited one with %T: %+v, %v", command, changes, err)
		}
	}
	for name, try := range map[string]func() ([]Change, error){
		"a listed speaker":       func() ([]Change, error) { return try(stage, Actor{User: invited}, TakeSeat{}) },
		"a second invite":        func() ([]Change, error) { return try(stage, Actor{User: host}, Invite{User: invited}) },
		"somebody who is seated": func() ([]Change, error) { return try(stage, Actor{User: host}, SeatPerson{User: invited}) },
	} {
		if _, err := try(); !fault.Is(err, fault.CodeStageFull) {
			t.Errorf("%s gets the kept seat: %v", name, err)
		}
	}
	if changes, err := try(stage, Actor{User: host}, Invite{User: stranger}); err != nil || len(changes) != 1 {
		t.Errorf("the same invite again: %+v, %v", changes, err)
	}
}

func TestLeavingIsNoWayOutOfAHold(t *testing.T) {
	held := toldOn(live(), Held{speaker, 2})
	for name, left := range map[string]Stage{
		"left":  toldOn(held, Unseated{speaker, 2, UnseatLeft}),
		"away":  toldOn(held, Unseated{speaker, 2, UnseatAway}),
		"moved": toldOn(held, Unseated{speaker, 2, UnseatMoved}),
	} {
		changes, err := try(left, Actor{User: speaker}, TakeSeat{})
		if err != nil || !reflect.DeepEqual(changes, []Change{Seated{User: speaker, Seat: 2, Role: RoleSpeaker, Muted: true, Held: true}}) {
			t.Errorf("who %s comes back with %+v, %v", name, changes, err)
		}
		left = toldOn(left, changes...)
		if _, err := try(left, Actor{User: speaker}, Unmute{speaker}); !fault.Is(err, fault.CodeHeld) {
			t.Errorf("who %s and came back unmutes: %v", name, err)
		}
	}
	away := toldOn(held, Unseated{speaker, 2, UnseatLeft}, Appointed{invited}, Appointed{speaker})
	for by, want := range map[id.User]Seated{
		host:    {User: speaker, Seat: 2, Role: RoleModerator},
		invited: {User: speaker, Seat: 2, Role: RoleModerator, Muted: true, Held: true}, // stands no higher
	} {
		asked := evolve(away, Event{Position: away.Position, WallTime: noon, Actor: Actor{User: by}, Change: Invited{User: speaker, ExpiresAt: noon.Add(time.Minute)}})
		changes, err := try(asked, Actor{User: speaker}, AcceptInvite{})
		if err != nil || !reflect.DeepEqual(changes[1], want) {
			t.Errorf("invited by %s: comes back with %+v, %v", by, changes, err)
		}
		changes, err = try(away, Actor{User: by}, SeatPerson{User: speaker})
		if want.Muted = true; err != nil || !reflect.DeepEqual(changes[0], want) {
			t.Errorf("seated by %s: comes back with %+v, %v", by, changes, err)
		}
	}
}

func TestReturningWithoutAskingEndsAfterTheGrace(t *testing.T) {
	stage := toldOn(live(), Seated{User: stranger, Seat: 3, Role: RoleSpeaker}, Unseated{stranger, 3, UnseatLeft})
	if _, err := tryAt(noon.Add(returnGrace-time.Millisecond), stage, Actor{User: stranger}, TakeSeat{}); err != nil {
		t.Errorf("within the grace: %v", err)
	}
	if _, err := tryAt(noon.Add(returnGrace), stage, Actor{User: stranger}, TakeSeat{}); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("after the grace: %v", err)
	}
	moved := toldOn(live(), Seated{User: stranger, Seat: 3, Role: RoleSpeaker}, Unseated{stranger, 3, UnseatMoved})
	if _, err := try(moved, Actor{User: stranger}, TakeSeat{}); !fault.Is(err, fault.CodeForbidden) {
		t.Errorf("who was moved to the audience sits down again: %v", err)
	}
}

func TestTheEndUnseatsEveryoneFirst(t *testing.T) {
	stage := toldOn(live(), HandRaised{User: stranger}, Invited{User: invited, ExpiresAt: noon.Add(time.Minute)})
	got, err := try(stage, Actor{User: host}, EndRoom{})
	want := []Change{Unseated{host, 1, UnseatEnded}, Unseated{speaker, 2, UnseatEnded}, RoomEnded{}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	over := toldOn(stage, got...)
	if _, waits := over.due(); waits || over.Hands.Len() > 0 || len(over.Invites) > 0 || len(over.Seats) > 0 {
		t.Errorf("after the end there is %+v", over)
	}
}

func TestEpochsAndNumbersRise(t *testing.T) {
	stage := told(opened(nil), OriginAnchored{Epoch: 5, FirstNumber: 100, WallTime: noon, Node: "sfu-1"})
	for _, c := range []struct {
		epoch, number uint64
		want          fault.Code
	}{{4, 200, fault.CodeConflict}, {5, 200, fault.CodeConflict}, {6, 99, fault.CodeConflict}, {6, 100, ""}, {7, 200, ""}} {
		_, err := try(stage, Actor{Service: ServiceSFU}, AnchorOrigin{Epoch: c.epoch, FirstNumber: c.number, WallTime: noon, Node: "sfu-2"})
		if codeOf(err) != c.want {
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
