package mobileapi

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// read reads the stage, as w.user or as nobody.
func (w *world) read(t *testing.T, bearer string) (wireSeen, string) {
	t.Helper()
	var out wireSeen
	got := w.do(t, call{method: "GET", path: roomPath + "/stage", bearer: bearer}).want(t, 200, "")
	got.read(t, &out)
	return out, string(got.body)
}

func TestEverybodySeesTheStage(t *testing.T) {
	w := newWorld(t)
	removed := string(id.NewUser())
	w.stage.Removed, w.stage.Enforced = []string{removed}, &listenv1.Position{Term: 1, Offset: 2}
	w.stage.Invites = []*listenerstatev1.PendingInvite{{User: string(id.NewUser()), Name: "Gus", By: w.stage.Host, ExpiresAt: timestamppb.New(noon)}}
	w.stage.Seats[1].Held, w.stage.Seats[1].Away = true, true
	for name, bearer := range map[string]string{"nobody": "", "a listener": w.access} {
		out, body := w.read(t, bearer)
		s := out.Stage
		if out.Position != (view.Position{Term: 1, Offset: 3}) || s.View != "person" || s.State != "live" || s.Title != "Tides, renamed" || s.Host != w.stage.Host ||
			s.HandMode != "open" || !s.OpenStage || s.MaxSeats != 20 || s.HandCount != 2 || *s.Enforced != (view.Position{Term: 1, Offset: 2}) || len(s.Moderators) != 0 {
			t.Errorf("%s sees %s", name, body)
		}
		if len(s.Seats) != 2 || s.Seats[1] != (view.Seat{Seat: 2, User: w.stage.Seats[1].User, Name: "Bo", Role: "speaker", Muted: true, Held: true, Away: true}) {
			t.Errorf("%s sees the seats %+v", name, s.Seats)
		}
		for _, secret := range []string{"hands", "invites", "Eve", "about tides", "Gus", removed} {
			if strings.Contains(body, `"`+secret+`"`) {
				t.Errorf("%s is told %s: %s", name, secret, body)
			}
		}
		if (out.You != nil) != (bearer != "") {
			t.Errorf("%s is told of themselves %+v", name, out.You)
		}
		if w.last("GetStage").(*listenerstatev1.GetStageRequest).WithHands {
			t.Errorf("for %s hands were read", name)
		}
	}
}

func TestModeratorsSeeTheQueue(t *testing.T) {
	for name, promote := range map[string]func(*world){
		"a moderator": func(w *world) { w.stage.Moderators = []string{string(w.user)} },
		"the host":    func(w *world) { w.stage.Host = string(w.user) },
	} {
		w := newWorld(t)
		promote(w)
		invited, removed := string(id.NewUser()), string(id.NewUser())
		w.stage.Removed = []string{removed}
		w.stage.Invites = []*listenerstatev1.PendingInvite{{User: invited, Name: "Gus", By: w.stage.Host, ExpiresAt: timestamppb.New(noon)}}
		out, body := w.read(t, w.access)
		s := out.Stage
		if s.View != "moderator" || len(s.Hands) != 2 || len(s.Removed) != 1 || s.Removed[0] != removed || len(s.Invites) != 1 ||
			s.Invites[0].User != invited || s.Invites[0].Name != "Gus" || s.Invites[0].By != w.stage.Host || !s.Invites[0].ExpiresAt.Equal(noon) {
			t.Fatalf("%s sees %s", name, body)
		}
		hands := w.stage.Hands
		if eve := s.Hands[0]; eve.User != hands[0].User || eve.Name != "Eve" || eve.Note != "about tides" || eve.Order != 2 || eve.Absent || !eve.RaisedAt.Equal(noon) {
			t.Errorf("%s sees %s", name, body)
		}
		if fay := s.Hands[1]; fay.User != hands[1].User || !fay.Absent {
			t.Errorf("%s sees %s", name, body)
		}
		if asked := w.last("GetStage").(*listenerstatev1.GetStageRequest); !asked.WithHands || asked.AtLeast.GetOffset() != 3 {
			t.Errorf("for %s was asked %v", name, asked)
		}
	}
}

func TestALongQueueIsCut(t *testing.T) {
	w := newWorld(t)
	w.stage.Host, w.stage.HandCount = string(w.user), 2*maxHands
	for len(w.stage.Hands) < 2*maxHands {
		w.stage.Hands = append(w.stage.Hands, &listenerstatev1.Hand{User: string(id.NewUser()), Order: 9, RaisedAt: timestamppb.New(noon)})
	}
	if out, _ := w.read(t, w.access); len(out.Stage.Hands) != maxHands || out.Stage.HandCount != 2*maxHands || out.Stage.Hands[0].Name != "Eve" {
		t.Errorf("%d hands of %d", len(out.Stage.Hands), out.Stage.HandCount)
	}
}

func TestOneIsToldWhereOneStands(t *testing.T) {
	w := newWorld(t)
	me := string(w.user)
	invite := []*listenerstatev1.PendingInvite{{User: me, Name: "Cleo", By: w.stage.Host, ExpiresAt: timestamppb.New(noon.Add(time.Minute))}}
	for name, c := range map[string]struct {
		change func(*listenerstatev1.Stage)
		place  uint32
		want   view.You
	}{
		"in the audience": {func(*listenerstatev1.Stage) {}, 0, view.You{Role: "listener"}},
		"in the queue":    {func(*listenerstatev1.Stage) {}, 7, view.You{Role: "listener", Place: 7}},
		"invited":         {func(s *listenerstatev1.Stage) { s.Invites = invite }, 1, view.You{Role: "listener", Place: 1, Invite: &view.Invitation{By: w.stage.Host}}},
		"seated":          {func(s *listenerstatev1.Stage) { s.Seats[1].User = me }, 0, view.You{Role: "speaker", Seat: 2}},
		"a moderator":     {func(s *listenerstatev1.Stage) { s.Moderators = []string{me} }, 0, view.You{Role: "moderator"}},
		"host in a seat":  {func(s *listenerstatev1.Stage) { s.Host, s.Seats[0].User = me, me }, 0, view.You{Role: "host", Seat: 1}},
	} {
		w := newWorld(t)
		w.user, w.place = id.User(me), c.place
		c.change(w.stage)
		out, body := w.read(t, w.seal(t, id.Main, noon.Add(time.Hour)))
		you := *out.You
		if you.Invite != nil && c.want.Invite != nil && you.Invite.By == c.want.Invite.By && you.Invite.ExpiresAt.Equal(noon.Add(time.Minute)) {
			you.Invite, c.want.Invite = nil, nil
		}
		if you != c.want {
			t.Errorf("%s: told %s", name, body)
		}
		if asked := w.last("GetStage").(*listenerstatev1.GetStageRequest); asked.PlaceOf != me {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}

func TestAStageIsReadAtAPositionOrLater(t *testing.T) {
	w := newWorld(t)
	w.do(t, call{method: "GET", path: roomPath + "/stage?at_least=9223372036854775807-42"}).want(t, 200, "")
	if asked := w.last("GetStage").(*listenerstatev1.GetStageRequest).AtLeast; asked.GetTerm() != 1<<63-1 || asked.GetOffset() != 42 {
		t.Errorf("asked for %v", asked)
	}
	w.fail("GetStage", fault.New(fault.CodeFromAhead, "the log has not come so far"))
	w.do(t, call{method: "GET", path: roomPath + "/stage?at_least=1-42"}).want(t, 416, fault.CodeFromAhead)
	for _, text := range []string{"", "1", "-", "1-", "-1", "1-2-3", "+1-2", "1-+2", "a-b", "1.5-2", "0x1-2", "%201-2", "9223372036854775808-1", "1-9223372036854775808", strings.Repeat("1", 5000) + "-1"} {
		got := w.do(t, call{method: "GET", path: roomPath + "/stage?at_least=" + text, outside: true}).want(t, 400, fault.CodeInvalid)
		if got.fault().Details["field"] != "at_least" || len(got.body) > 500 {
			t.Errorf("%.50q: answered %.500s", text, got.body)
		}
	}
}
