package mobileapi

import (
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const whipPath = "/v1/rooms/{room}/whip"

func TestAWhipSession(t *testing.T) {
	w := newWorld(t)
	made := w.do(t, call{method: "POST", path: whipPath, body: "v=0\r\noffer", bearer: w.sign(t), header: map[string]string{"Content-Type": "application/sdp"}})
	made.want(t, 201, "")
	location := made.header.Get("Location")
	if !strings.HasPrefix(location, "/v1/rooms/"+w.room.Id+"/whip/sfu-1.") || made.header.Get("ETag") != `"tag-1"` || string(made.body) != "v=0\r\n" ||
		made.header.Get("Content-Type") != "application/sdp" {
		t.Fatalf("answered %v %s", made.header, made.body)
	}
	if asked := w.last("CreateSession").(*signalingv1.CreateSessionRequest); asked.User != string(w.user) || asked.Offer != "v=0\r\noffer" {
		t.Errorf("asked %v", asked)
	}
	patch := call{method: "PATCH", path: location, body: "a=ice-ufrag:y\r\n", bearer: w.sign(t), header: map[string]string{
		"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": made.header.Get("ETag"),
	}}
	restarted := w.do(t, patch).want(t, 200, "")
	if restarted.header.Get("ETag") != `"tag-2"` || string(restarted.body) != w.fragment {
		t.Errorf("answered %v %s", restarted.header, restarted.body)
	}
	if asked := w.last("RestartSession").(*signalingv1.RestartSessionRequest); asked.IfMatch != `"tag-1"` || asked.User != string(w.user) || !strings.HasSuffix(location, asked.Session) {
		t.Errorf("asked %v", asked)
	}
	w.fragment = ""
	w.do(t, patch).want(t, 204, "")
	w.do(t, call{method: "DELETE", path: location, bearer: w.sign(t)}).want(t, 200, "")
	if asked := w.last("CloseSession").(*signalingv1.CloseSessionRequest); asked.User != string(w.user) || !strings.HasSuffix(location, asked.Session) {
		t.Errorf("asked %v", asked)
	}
}

func TestWhipRefusesOtherGrants(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*token.Grant)
		status int
		code   fault.Code
	}{
		"another room":    {func(g *token.Grant) { g.Room = id.NewRoom() }, 403, fault.CodeForbidden},
		"another app":     {func(g *token.Grant) { g.App = "other" }, 403, fault.CodeForbidden},
		"another right":   {func(g *token.Grant) { g.Right = token.RightListen }, 403, fault.CodeForbidden},
		"a door":          {func(g *token.Grant) { g.Right = token.RightOgg }, 403, fault.CodeForbidden},
		"no person":       {func(g *token.Grant) { g.Subject = token.Open }, 403, fault.CodeForbidden},
		"already expired": {func(g *token.Grant) { g.Expires = noon.Add(-token.Skew) }, 401, fault.CodeExpired},
	} {
		t.Run(name, func(t *testing.T) {
			offer := call{method: "POST", path: whipPath, body: "v=0", bearer: w.sign(t, c.change), header: map[string]string{"Content-Type": mediaSDP}}
			w.do(t, offer).want(t, c.status, c.code)
		})
	}
	foreign := newWorld(t).sign(t, func(g *token.Grant) { g.Room = id.Room(w.room.Id) })
	w.do(t, call{method: "POST", path: whipPath, body: "v=0", bearer: foreign, header: map[string]string{"Content-Type": mediaSDP}}).want(t, 401, fault.CodeUnauthenticated)
	grantElsewhere := call{method: "POST", path: "/v1/rooms/{room}/end", bearer: w.sign(t)}
	w.do(t, grantElsewhere).want(t, 401, fault.CodeUnauthenticated)
	if w.last("CreateSession") != nil {
		t.Error("signaling was asked")
	}
}

// A WHIP client has one bearer for all of a session, which outlives the grant.
func TestASessionCanBeClosedAfterItsGrantExpired(t *testing.T) {
	w := newWorld(t)
	made := func(age time.Duration) func(*token.Grant) {
		return func(g *token.Grant) {
			g.Issued = noon.Add(-age)
			g.Expires = g.Issued.Add(token.SpeakLifetime)
		}
	}
	const session = "/whip/sfu-1.0123456789abcdefghjk"
	closes := func(room string, bearer string) reply {
		return w.do(t, call{method: "DELETE", path: "/v1/rooms/" + room + session, bearer: bearer})
	}
	closes(w.room.Id, w.sign(t, made(3*time.Hour))).want(t, 200, "")
	closes(w.room.Id, w.sign(t, made(sessionLifetime+time.Minute))).want(t, 401, fault.CodeExpired)
	closes(string(id.NewRoom()), w.sign(t, made(3*time.Hour))).want(t, 403, fault.CodeForbidden)
	closes(w.room.Id, newWorld(t).sign(t, made(3*time.Hour))).want(t, 401, fault.CodeUnauthenticated)
	closes(w.room.Id, w.seal(t, "main", noon.Add(-10*time.Minute))).want(t, 401, fault.CodeExpired)
	header := map[string]string{"Content-Type": mediaSDP}
	w.do(t, call{method: "POST", path: whipPath, body: "v=0", bearer: w.sign(t, made(3*time.Hour)), header: header}).want(t, 401, fault.CodeExpired)
}

func TestWhipBoundsItsIntake(t *testing.T) {
	w := newWorld(t)
	send := func(method, path, body string, header map[string]string) reply {
		return w.do(t, call{method: method, path: path, body: body, bearer: w.access, header: header, outside: true})
	}
	sdp := func(media string) map[string]string { return map[string]string{"Content-Type": media} }
	send("POST", whipPath, strings.Repeat("a", maxBody+1), sdp(mediaSDP)).want(t, 413, fault.CodeTooLarge)
	send("POST", whipPath, "v=0", sdp("application/json")).want(t, 415, fault.CodeUnsupportedMedia)
	send("POST", whipPath, "v=0", sdp("")).want(t, 415, fault.CodeUnsupportedMedia)
	send("POST", whipPath, "", sdp(mediaSDP)).want(t, 422, fault.CodeBadSDP)
	w.do(t, call{method: "POST", path: whipPath, body: "v=0\xff", bearer: w.access, header: sdp(mediaSDP)}).want(t, 422, fault.CodeBadSDP)
	w.do(t, call{method: "POST", path: whipPath, body: strings.Repeat("a", maxBody), bearer: w.access, header: sdp(mediaSDP)}).want(t, 201, "")
}

func TestRestartWantsATag(t *testing.T) {
	w := newWorld(t)
	send := func(path string, header map[string]string) reply {
		header["Content-Type"] = mediaFragment
		return w.do(t, call{method: "PATCH", path: whipPath + path, body: "a=x", bearer: w.access, header: header, outside: len(header["If-Match"]) > maxTag})
	}
	const session = "/sfu-1.0123456789abcdefghjk"
	send(session, map[string]string{}).want(t, 428, fault.CodePreconditionRequired)
	for _, tag := range []string{"tag-1", `"tag-1`, `W/"tag-1"`, `"a", "b"`, `""`, `"é"`, `"` + strings.Repeat("t", maxTag-1) + `"`} {
		send(session, map[string]string{"If-Match": tag}).want(t, 400, fault.CodeInvalid)
	}
	send(session, map[string]string{"If-Match": "*"}).want(t, 200, "")
	w.do(t, call{method: "DELETE", path: whipPath + "/nosuch", bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
}
