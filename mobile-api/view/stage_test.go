package view

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// full is a stage with somebody of every kind on it.
func full() Stage {
	soon := timestamppb.New(time.Date(2026, 3, 1, 12, 1, 0, 7_654_321, time.UTC))
	wire := &listenerstatev1.Stage{
		Position: &listenv1.Position{Term: 1, Offset: 9}, State: listenv1.RoomState_ROOM_STATE_LIVE, Title: "Tides", Host: "us_host",
		Moderators: []string{"us_mod"}, HandMode: listenv1.HandMode_HAND_MODE_OPEN, HandCount: 1, MaxSeats: 20,
		Enforced: &listenv1.Position{Term: 1, Offset: 8},
		Seats:    []*listenv1.Seat{{Seat: 1, User: "us_mod", Name: "Mo"}, {Seat: 4, User: "us_seated", Name: "Bo", Muted: true}},
		Hands:    []*listenerstatev1.Hand{{User: "us_raised", Order: 7, Name: "Eve", Note: "about tides", RaisedAt: soon}},
		Invites:  []*listenerstatev1.PendingInvite{{User: "us_invited", Name: "Gus", By: "us_host", ExpiresAt: soon}},
		Removed:  []string{"us_removed"},
	}
	s := StageFrom(wire)
	s.Hands = HandsFrom(wire.GetHands())
	return s
}

func written(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnlyModeratorsSeeTheQueue(t *testing.T) {
	s := full()
	for user, want := range map[string]Viewer{
		"": Person, "us_nobody": Person, "us_seated": Person, "us_raised": Person, "us_invited": Person, "us_removed": Person,
		"us_mod": Moderator, "us_host": Moderator,
	} {
		if got := s.ViewerOf(user); got != want {
			t.Errorf("%q sees the stage as a %v", user, got)
		}
	}
	whole, part := written(t, s.For(Moderator)), written(t, s.For(Person))
	for _, secret := range []string{`"hands"`, "Eve", "about tides", "us_raised", `"invites"`, "Gus", "us_invited", `"removed"`, "us_removed"} {
		if strings.Contains(part, secret) || !strings.Contains(whole, secret) {
			t.Errorf("%s: a person is shown %s, a moderator %s", secret, part, whole)
		}
	}
	if !strings.Contains(part, `"view":"person"`) || !strings.Contains(whole, `"view":"moderator"`) || !strings.Contains(part, `"hand_count":1`) {
		t.Errorf("a person is shown %s, a moderator %s", part, whole)
	}
}

func TestWhatIsShownIsAList(t *testing.T) {
	empty := StageFrom(nil)
	empty.Hands = HandsFrom(nil)
	const want = `{"view":"moderator","state":"scheduled","title":"","host":"","moderators":[],"hand_mode":"open","open_stage":false,` +
		`"max_seats":0,"hand_count":0,"enforced":null,"seats":[],"hands":[],"invites":[],"removed":[]}`
	if text := written(t, empty.For(Moderator)); text != want {
		t.Errorf("an empty stage is %s", text)
	}
}

func TestYou(t *testing.T) {
	s := full()
	for user, want := range map[string]string{
		"":           `{"role":"listener","seat":0,"place":3,"invite":null}`,
		"us_nobody":  `{"role":"listener","seat":0,"place":3,"invite":null}`,
		"us_seated":  `{"role":"speaker","seat":4,"place":3,"invite":null}`,
		"us_mod":     `{"role":"moderator","seat":1,"place":3,"invite":null}`,
		"us_host":    `{"role":"host","seat":0,"place":3,"invite":null}`,
		"us_invited": `{"role":"listener","seat":0,"place":3,"invite":{"by":"us_host","expires_at":"2026-03-01T12:01:00.007Z"}}`,
	} {
		if text := written(t, s.You(user, 3)); text != want {
			t.Errorf("%q is told %s", user, text)
		}
	}
	nowhere := StageFrom(nil)
	if role, seat := nowhere.RoleOf(""); role != RoleListener || seat != 0 {
		t.Errorf("without a host, nobody in particular is a %s in seat %d", role, seat)
	}
}
