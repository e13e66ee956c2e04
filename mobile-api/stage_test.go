package mobileapi

import (
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func TestCommandsGoToTheStage(t *testing.T) {
	w := newWorld(t)
	other := w.stage.Seats[1].User
	for _, c := range []struct {
		path string
		user func(*listenerstatev1.ApplyRequest) string
		want string
	}{
		{"/me/mute", func(a *listenerstatev1.ApplyRequest) string { return a.GetMute().GetUser() }, string(w.user)},
		{"/" + other + "/mute", func(a *listenerstatev1.ApplyRequest) string { return a.GetMute().GetUser() }, other},
		{"/me/unmute", func(a *listenerstatev1.ApplyRequest) string { return a.GetUnmute().GetUser() }, string(w.user)},
		{"/" + other + "/audience", func(a *listenerstatev1.ApplyRequest) string { return a.GetLeaveSeat().GetUser() }, other},
	} {
		var out struct {
			Position wirePosition `json:"position"`
			Speakers []wireSeat   `json:"speakers"`
		}
		w.do(t, call{method: "POST", path: "/v1/rooms/{room}/stage" + c.path, bearer: w.access}).want(t, 200, "").read(t, &out)
		asked := w.last("Apply").(*listenerstatev1.ApplyRequest)
		if asked.Actor.GetUser() != string(w.user) || asked.Room != w.room.Id || c.user(asked) != c.want {
			t.Errorf("%s: asked %v", c.path, asked)
		}
		if out.Position != (wirePosition{1, 3}) || len(out.Speakers) != 2 {
			t.Errorf("%s: answered %+v", c.path, out)
		}
	}
	w.do(t, call{method: "POST", path: "/v1/rooms/{room}/stage/Ada/mute", bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
}

func TestAKeyNamesOnePersonsCommand(t *testing.T) {
	w := newWorld(t)
	command := func(bearer, key string) string {
		c := call{method: "POST", path: "/v1/rooms/{room}/stage/me/mute", bearer: bearer}
		if key != "" {
			c.header = map[string]string{"Idempotency-Key": key}
		}
		w.do(t, c).want(t, 200, "")
		return w.last("Apply").(*listenerstatev1.ApplyRequest).CommandId
	}
	first := command(w.access, "k")
	if again := command(w.access, "k"); again != first || len(first) > 64 || strings.Contains(first, "\x00") {
		t.Errorf("one key named %q and %q", first, again)
	}
	if other := command(w.access, "k2"); other == first {
		t.Error("two keys name one command")
	}
	if a, b := command(w.access, ""), command(w.access, ""); a == b {
		t.Error("two commands without a key have one name")
	}
	another := w.sealed(t, token.Access{App: id.Main, User: id.NewUser(), Name: "Dee", Issued: noon, Expires: noon.Add(time.Hour)})
	if other := command(another, "k"); other == first {
		t.Error("two people's keys name one command")
	}
}
