package listenerstate

import (
	"fmt"
	"testing"
	"time"

	"rostrum/internal/id"
)

// scene is a stage on which there is a person of every kind, and the model of it.
type scene struct {
	name   string
	stage  Stage
	model  *model
	now    time.Time
	people []id.User
}

// kinds are the people of a scene, by what makes them what they are.
var kinds = []string{
	"host", "seated moderator", "moderator", "absent moderator", "speaker", "muted speaker", "held speaker", "speaker without microphone",
	"held and left", "left", "moved to audience", "listed", "listener", "hand", "absent hand", "invited", "invited hand", "late", "lapsed",
	"declined", "removed", "removed moderator", "nobody",
}

func personOf(kind string) id.User {
	for i, other := range kinds {
		if kind == other {
			return id.User(fmt.Sprintf("us_%020d", i))
		}
	}
	panic("no " + kind)
}

// scenes are stages before, while and after a room is live; open and not, full and not, in each hand mode.
func scenes(t *testing.T) []*scene {
	t.Helper()
	all := []*scene{newScene(t, "unopened"), newScene(t, "ended", directions(40, true, HandsOpen)...)}
	all[1].play(t, personOf("host"), EndRoom{})
	for _, open := range []bool{true, false} {
		for _, mode := range []HandMode{HandsOpen, HandsInvited, HandsClosed} {
			for _, seats := range []uint32{40, 9} { // 9 are taken or kept, when the play is over
				name := fmt.Sprintf("live, %d seats, open %v, hands %s", seats, open, mode)
				all = append(all, newScene(t, name, directions(seats, open, mode)...))
			}
		}
	}
	return all
}

// direction is a line of the play: after a while, somebody does something.
type direction struct {
	after   time.Duration
	by      string
	command Command
}

func directions(seats uint32, open bool, mode HandMode) []direction {
	as := personOf
	found := func(kind string) Command {
		return ReportMedia{User: as(kind), Session: "sfu-1.00000000000000000001"}
	}
	return []direction{
		{0, "host", OpenRoom{Host: as("host"), MaxSeats: seats, OpenStage: open, Speakers: []id.User{as("listed")}}},
		{0, "host", TakeSeat{Name: "Hanna"}},
		{0, "host", Appoint{as("seated moderator")}},
		{0, "host", Appoint{as("moderator")}},
		{0, "host", Appoint{as("absent moderator")}},
		{0, "host", Appoint{as("removed moderator")}},
		{0, "seated moderator", TakeSeat{}},
		{0, "host", Remove{as("removed moderator")}},
		{0, "host", Remove{as("removed")}},
		{0, "host", Invite{User: as("lapsed"), ExpiresIn: ShortInvite}},
		{0, "host", Invite{User: as("declined")}},
		{0, "declined", DeclineInvite{}},
		{6 * time.Second, "timer", CloseExpired{}},
		{0, "host", SeatPerson{User: as("speaker")}},
		{0, "speaker", Unmute{as("speaker")}},
		{0, "sfu", found("speaker")},
		{0, "host", SeatPerson{User: as("muted speaker")}},
		{0, "sfu", found("muted speaker")},
		{0, "host", SeatPerson{User: as("held speaker")}},
		{0, "host", Hold{as("held speaker")}},
		{0, "host", SeatPerson{User: as("speaker without microphone")}},
		{0, "sfu", found("speaker without microphone")},
		{0, "sfu", ReportMedia{User: as("speaker without microphone"), Session: "sfu-1.00000000000000000001", Lost: true}},
		{0, "host", SeatPerson{User: as("held and left")}},
		{0, "host", Hold{as("held and left")}},
		{0, "held and left", LeaveSeat{as("held and left")}},
		{0, "host", SeatPerson{User: as("left")}},
		{0, "left", LeaveSeat{as("left")}},
		{0, "host", SeatPerson{User: as("moved to audience")}},
		{0, "host", LeaveSeat{as("moved to audience")}},
		{0, "hand", RaiseHand{Name: "Ada", Note: "why?"}},
		{0, "absent hand", RaiseHand{}},
		{0, "gateway", ReportPresence{User: as("absent hand"), Absent: true}},
		{0, "invited hand", RaiseHand{}},
		{0, "host", Invite{User: as("invited hand")}},
		{0, "host", Invite{User: as("invited")}},
		{0, "host", Invite{User: as("late"), ExpiresIn: ShortInvite}},
		{0, "moderator", SetHandMode{mode}},
		{6 * time.Second, "sfu", AnchorOrigin{Epoch: 5, FirstNumber: 50, WallTime: noon, Node: "sfu-1"}},
	}
}

func newScene(t *testing.T, name string, play ...direction) *scene {
	t.Helper()
	s := &scene{name: name, now: noon, model: &model{people: map[id.User]*person{}}}
	for _, kind := range kinds {
		s.people = append(s.people, personOf(kind))
	}
	for _, line := range play {
		s.now = s.now.Add(line.after)
		switch line.by {
		case "sfu", "gateway", "timer":
			s.do(t, Actor{Service: ServiceName(line.by)}, line.command)
		default:
			s.play(t, personOf(line.by), line.command)
		}
	}
	return s
}

func (s *scene) play(t *testing.T, by id.User, command Command) {
	t.Helper()
	s.do(t, Actor{User: by}, command)
}

// do does a command on stage and model. What changes nothing is not worth its line, but for a mode that was set already.
func (s *scene) do(t *testing.T, by Actor, command Command) {
	t.Helper()
	want, code := s.model.apply(by, command, s.now)
	events, err := decide(s.stage, Request{Actor: by, ID: "c", Command: command}, s.now)
	_, sets := command.(SetHandMode)
	if err != nil || code != "" || len(events) != len(want) || len(events) == 0 && !sets {
		t.Fatalf("%s: %s of %s: %d events, %v; want %v, %q", s.name, s.nameOf(by), s.describe(command), len(events), err, want, code)
	}
	for _, e := range events {
		e.Position = s.stage.Position
		e.Position.Term, e.Position.Offset = 1, e.Position.Offset+1
		e.Change = closed(e)
		s.stage = evolve(s.stage, e)
	}
	if difference := s.model.agrees(s.stage); difference != "" {
		t.Fatalf("%s: after %s: %s", s.name, s.describe(command), difference)
	}
}

func (s *scene) actors() []Actor {
	var actors []Actor
	for _, user := range s.people {
		actors = append(actors, Actor{User: user})
	}
	for _, service := range services {
		actors = append(actors, Actor{Service: service})
	}
	return actors
}

// commands are all that an actor can try.
func (s *scene) commands(by Actor) []Command {
	all := []Command{
		EndRoom{}, TakeSeat{}, TakeSeat{Name: "Ada", Muted: true}, RaiseHand{Name: "Ada", Note: "?"}, LowerAllHands{}, SetHandMode{HandsOpen},
		SetHandMode{HandsInvited}, SetHandMode{HandsClosed}, AcceptInvite{}, AcceptInvite{Muted: true}, DeclineInvite{}, Leave{}, CloseExpired{},
		AnchorOrigin{Epoch: 6, FirstNumber: 50, WallTime: noon, Node: "sfu-2"}, AnchorOrigin{Epoch: 6, FirstNumber: 49, WallTime: noon, Node: "sfu-2"},
		AnchorOrigin{Epoch: 5, FirstNumber: 60, WallTime: noon, Node: "sfu-2"},
	}
	for _, user := range s.people {
		all = append(all,
			OpenRoom{Host: user, MaxSeats: 5}, LeaveSeat{user}, Mute{user}, Unmute{user}, Hold{user}, Release{user}, LowerHand{user},
			Invite{User: user, Name: "Ada"}, WithdrawInvite{user}, SeatPerson{User: user}, Appoint{user}, Dismiss{user}, Remove{user}, Readmit{user},
			ReportMedia{User: user, Session: "sfu-1.00000000000000000001"}, ReportMedia{User: user, Session: "sfu-1.00000000000000000001", Lost: true},
			ReportMedia{User: user, Session: "sfu-1.00000000000000000002"}, ReportMedia{User: user, Session: "sfu-1.00000000000000000002", Lost: true},
			ReportPresence{User: user}, ReportPresence{User: user, Absent: true},
		)
	}
	return all
}

func (s *scene) nameOf(by Actor) string {
	for _, kind := range kinds {
		if personOf(kind) == by.User {
			return kind
		}
	}
	return by.String()
}

func (s *scene) describe(command Command) string {
	about := command.about(Actor{})
	if about == "" {
		return fmt.Sprintf("%T%+v", command, command)
	}
	return fmt.Sprintf("%T%+v about %s", command, command, s.nameOf(Actor{User: about}))
}
