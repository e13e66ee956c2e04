package mobileapi

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

const roomPath = "/v1/rooms/{room}"

func TestEveryRouteIsItsCommand(t *testing.T) {
	w := newWorld(t)
	w.place = 7
	me, other := string(w.user), w.stage.Seats[1].User
	about := roomPath + "/stage/" + other
	for _, c := range []struct {
		method, path, body string
		want               *v1.ApplyRequest
	}{
		{"POST", roomPath + "/hand", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_RaiseHand{RaiseHand: &v1.RaiseHand{Name: "Cleo"}}}},
		{"POST", roomPath + "/hand", `{"note":" e\u0301 "}`, &v1.ApplyRequest{Command: &v1.ApplyRequest_RaiseHand{RaiseHand: &v1.RaiseHand{Name: "Cleo", Note: "é"}}}},
		{"DELETE", roomPath + "/hand", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerHand{LowerHand: &v1.LowerHand{User: me}}}},
		{"DELETE", roomPath + "/hands", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerAllHands{LowerAllHands: &v1.LowerAllHands{}}}},
		{"PUT", roomPath + "/hands/mode", `{"mode":"closed"}`, &v1.ApplyRequest{Command: &v1.ApplyRequest_SetHandMode{SetHandMode: &v1.SetHandMode{Mode: listenv1.HandMode_HAND_MODE_CLOSED}}}},
		{"POST", roomPath + "/leave", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Leave{Leave: &v1.Leave{}}}},
		{"PUT", roomPath + "/moderators/" + other, "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Appoint{Appoint: &v1.Appoint{User: other}}}},
		{"DELETE", roomPath + "/moderators/" + other, "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Dismiss{Dismiss: &v1.Dismiss{User: other}}}},
		{"DELETE", roomPath + "/moderators/me", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Dismiss{Dismiss: &v1.Dismiss{User: me}}}},
		{"POST", about + "/invite", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Invite{Invite: &v1.Invite{User: other, Name: "Dee"}}}},
		{"POST", about + "/invite", `{"expires_in":600}`, &v1.ApplyRequest{Command: &v1.ApplyRequest_Invite{Invite: &v1.Invite{User: other, Name: "Dee", ExpiresInSeconds: 600}}}},
		{"POST", about + "/withdraw", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_WithdrawInvite{WithdrawInvite: &v1.WithdrawInvite{User: other}}}},
		{"POST", roomPath + "/stage/me/accept", `{"muted":true}`, &v1.ApplyRequest{Command: &v1.ApplyRequest_AcceptInvite{AcceptInvite: &v1.AcceptInvite{Name: "Cleo", Muted: true}}}},
		{"POST", roomPath + "/stage/" + me + "/accept", `{}`, &v1.ApplyRequest{Command: &v1.ApplyRequest_AcceptInvite{AcceptInvite: &v1.AcceptInvite{Name: "Cleo"}}}},
		{"POST", roomPath + "/stage/me/decline", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_DeclineInvite{DeclineInvite: &v1.DeclineInvite{}}}},
		{"POST", about + "/seat", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_SeatPerson{SeatPerson: &v1.SeatPerson{User: other, Name: "Dee"}}}},
		{"POST", about + "/audience", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_LeaveSeat{LeaveSeat: &v1.LeaveSeat{User: other}}}},
		{"POST", about + "/mute", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Mute{Mute: &v1.Mute{User: other}}}},
		{"POST", roomPath + "/stage/me/mute", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Mute{Mute: &v1.Mute{User: me}}}},
		{"POST", roomPath + "/stage/me/unmute", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Unmute{Unmute: &v1.Unmute{User: me}}}},
		{"POST", about + "/unmute", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Unmute{Unmute: &v1.Unmute{User: other}}}},
		{"POST", about + "/hold", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Hold{Hold: &v1.Hold{User: other}}}},
		{"POST", about + "/release", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Release{Release: &v1.Release{User: other}}}},
		{"POST", about + "/lower", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerHand{LowerHand: &v1.LowerHand{User: other}}}},
		{"POST", about + "/remove", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Remove{Remove: &v1.Remove{User: other}}}},
		{"POST", about + "/readmit", "", &v1.ApplyRequest{Command: &v1.ApplyRequest_Readmit{Readmit: &v1.Readmit{User: other}}}},
	} {
		var out wireCommanded
		w.do(t, call{method: c.method, path: c.path, body: c.body, bearer: w.access}).want(t, 200, "").read(t, &out)
		asked := w.last("Apply").(*v1.ApplyRequest)
		if asked.Actor.GetUser() != me || asked.Room != w.room.Id || asked.App != "main" || asked.CommandId == "" {
			t.Errorf("%s %s is addressed as %v", c.method, c.path, asked)
		}
		if !proto.Equal(&v1.ApplyRequest{Command: asked.Command}, c.want) {
			t.Errorf("%s %s %s asked %v, want %v", c.method, c.path, c.body, asked, c.want)
		}
		if out.Position != (view.Position{Term: 1, Offset: 3}) || out.Place != 7 || out.Of != 2 || len(out.Seats) != 2 {
			t.Errorf("%s %s answered %+v", c.method, c.path, out)
		}
	}
}

// refused makes a call that no service may hear of.
func (w *world) refused(t *testing.T, c call, status int, code fault.Code) {
	t.Helper()
	c.bearer, c.outside = w.access, true
	w.do(t, c).want(t, status, code)
	if w.last("Apply") != nil {
		t.Errorf("%s %s %.100s: the stage was asked %v", c.method, c.path, c.body, w.last("Apply"))
	}
}

func TestWhatNoStageCouldAcceptIsRefused(t *testing.T) {
	w := newWorld(t)
	const other = "us_0123456789abcdefghjk"
	flood := "a" + strings.Repeat(`\u0301`, 60)
	for _, body := range []string{
		`{"note":"` + strings.Repeat("a", 141) + `"}`, `{"note":"a\nb"}`, `{"note":"a\u0000"}`, `{"note":"a\u202eb"}`, `{"note":"a\u2067b"}`,
		`{"note":"` + flood + `"}`, `{"note":7}`, `{"note":null}`, `{"Note":"a"}`, `{"note":"a","note":"b"}`, `{"user":"me"}`, `[]`, `"a"`, `{`, "\xff",
	} {
		w.refused(t, call{method: "POST", path: roomPath + "/hand", body: body}, 400, fault.CodeInvalid)
	}
	for _, body := range []string{`{}`, `{"mode":""}`, `{"mode":"OPEN"}`, `{"mode":"moderated"}`, `{"mode":1}`} {
		w.refused(t, call{method: "PUT", path: roomPath + "/hands/mode", body: body}, 400, fault.CodeInvalid)
	}
	for _, body := range []string{`{"expires_in":4}`, `{"expires_in":601}`, `{"expires_in":-1}`, `{"expires_in":1e3}`, `{"expires_in":"60"}`, `{"expires_in":5.5}`} {
		w.refused(t, call{method: "POST", path: roomPath + "/stage/" + other + "/invite", body: body}, 400, fault.CodeInvalid)
	}
	w.refused(t, call{method: "POST", path: roomPath + "/stage/me/accept", body: `{"muted":"yes"}`}, 400, fault.CodeInvalid)
	w.refused(t, call{method: "POST", path: roomPath + "/hand", body: `{"note":"a"}`, header: map[string]string{"Content-Type": "text/plain"}}, 415, fault.CodeUnsupportedMedia)
	w.refused(t, call{method: "PUT", path: roomPath + "/hands/mode"}, 415, fault.CodeUnsupportedMedia)
	w.refused(t, call{method: "POST", path: roomPath + "/hand", body: `{"note":"` + strings.Repeat("a", maxBody) + `"}`}, 413, fault.CodeTooLarge)
	for _, key := range []string{strings.Repeat("k", 65), "a b", "\u00e4"} {
		w.refused(t, call{method: "POST", path: roomPath + "/hand", header: map[string]string{"Idempotency-Key": key}}, 400, fault.CodeInvalid)
	}
}

func TestPathsThatMeanNothing(t *testing.T) {
	w := newWorld(t)
	const other = "us_0123456789abcdefghjk"
	for _, user := range []string{"Ada", "ME", "us_", "us_0123456789abcdefghj", "us_0123456789abcdefghjkm", "us_0123456789ABCDEFGHJK", "%00", "rm_0123456789abcdefghjk"} {
		for _, verb := range []string{"mute", "invite", "seat", "accept"} {
			w.refused(t, call{method: "POST", path: roomPath + "/stage/" + user + "/" + verb}, 400, fault.CodeInvalid)
		}
		w.refused(t, call{method: "PUT", path: roomPath + "/moderators/" + user}, 400, fault.CodeInvalid)
	}
	w.refused(t, call{method: "POST", path: "/v1/rooms/lounge/hand"}, 400, fault.CodeInvalid)
	for _, path := range []string{"me/ban", "me/Mute", "me/take_seat", "me/raise", "me/appoint", "me/mute/now", "..%2f" + other + "/mute", "/mute"} {
		w.refused(t, call{method: "POST", path: roomPath + "/stage/" + path}, 404, fault.CodeNotFound)
	}
	for _, c := range [][2]string{
		{"GET", "/hand"}, {"PUT", "/hand"}, {"GET", "/hands"}, {"POST", "/hands"}, {"POST", "/hands/mode"}, {"POST", "/moderators/" + other},
		{"GET", "/leave"}, {"DELETE", "/stage/me/mute"}, {"PUT", "/stage/me/accept"}, {"POST", "/stage"}, {"POST", "/events"}, {"GET", "/grants"},
	} {
		w.refused(t, call{method: c[0], path: roomPath + c[1]}, 405, fault.CodeMethodNotAllowed)
	}
}

func TestNobodyActsForAnother(t *testing.T) {
	w := newWorld(t)
	for _, verb := range []string{"accept", "decline"} {
		w.refused(t, call{method: "POST", path: roomPath + "/stage/us_0123456789abcdefghjk/" + verb}, 403, fault.CodeForbidden)
	}
}

// Who is invited or seated must be somebody; the stage knows them by the name that accounts know.
func TestNobodyIsNotInvited(t *testing.T) {
	w := newWorld(t)
	w.fail("GetUser", fault.New(fault.CodeNotFound, "there is no such person"))
	for _, verb := range []string{"invite", "seat"} {
		w.refused(t, call{method: "POST", path: roomPath + "/stage/us_0123456789abcdefghjk/" + verb}, 404, fault.CodeNotFound)
	}
	w.do(t, call{method: "POST", path: roomPath + "/stage/me/invite", bearer: w.access}).want(t, 200, "")
	if asked := w.last("Apply").(*v1.ApplyRequest).GetInvite(); asked.GetUser() != string(w.user) || asked.GetName() != "Cleo" {
		t.Errorf("invited %v", asked)
	}
}

// What the stage says of a key that was used with another body reaches the caller; the gateway keeps nothing.
func TestOneKeyWithTwoBodies(t *testing.T) {
	w := newWorld(t)
	keyed := map[string]string{"Idempotency-Key": "k"}
	ids := map[string]bool{}
	for _, body := range []string{`{"note":"a"}`, `{"note":"b"}`} {
		w.do(t, call{method: "POST", path: roomPath + "/hand", body: body, bearer: w.access, header: keyed}).want(t, 200, "")
		ids[w.last("Apply").(*v1.ApplyRequest).CommandId] = true
	}
	if len(ids) != 1 {
		t.Errorf("one key became %v", ids)
	}
	w.fail("Apply", fault.New(fault.CodeIdempotencyMismatch, "this key was used with another body"))
	w.do(t, call{method: "POST", path: roomPath + "/hand", body: `{"note":"c"}`, bearer: w.access, header: keyed}).want(t, 422, fault.CodeIdempotencyMismatch)
}

func TestAKeyNamesOnePersonsCommand(t *testing.T) {
	w := newWorld(t)
	command := func(bearer, key string) string {
		c := call{method: "POST", path: "/v1/rooms/{room}/stage/me/mute", bearer: bearer}
		if key != "" {
			c.header = map[string]string{"Idempotency-Key": key}
		}
		w.do(t, c).want(t, 200, "")
		return w.last("Apply").(*v1.ApplyRequest).CommandId
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
