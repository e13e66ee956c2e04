package mobileapi

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const joinPath = "/v1/rooms/{room}/join"

func TestAListenerIsToldAllToHear(t *testing.T) {
	w := newWorld(t)
	var in wireJoined
	got := w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener","region":"eu"}`, bearer: w.access}).want(t, 200, "")
	got.read(t, &in)
	if in.Role != "listener" || in.Seat != 0 || in.SpeakGrant != "" || in.WhipURL != "" || in.SpeakGrantExpiresAt != nil {
		t.Errorf("a listener was given %s", got.body)
	}
	if in.Grant != "listen.grant.signed" || in.Position != (view.Position{Term: 1, Offset: 3}) || in.Card.Position != in.Position ||
		in.Card.Title != "Tides, renamed" || len(in.Card.Seats) != 2 || in.Card.Epoch != 7 || in.Card.State != "live" {
		t.Errorf("the card is %+v", in.Card)
	}
	room, own := "/v1/rooms/"+w.room.Id, strings.TrimPrefix(w.server.URL, "http://")
	want := []wireEdge{
		{"edge-1", "https://edge-1.example", "eu", "wss://edge-1.example" + room + "/listen", "https://edge-1.example" + room + "/ogg.grant.signed/listen.ogg"},
		{"edge-2", "http://" + own, "", "ws://" + own + room + "/listen", "http://" + own + room + "/ogg.grant.signed/listen.ogg"},
	}
	if len(in.Edges) != 2 || in.Edges[0] != want[0] || in.Edges[1] != want[1] {
		t.Errorf("edges are %+v, want %+v", in.Edges, want)
	}
	if asked := w.last("Enter").(*roomv1.EnterRequest); asked.User != string(w.user) || asked.Role != listenv1.Role_ROLE_LISTENER || asked.Room != w.room.Id {
		t.Errorf("Enter was asked %v", asked)
	}
	if asked := w.last("FindEdges").(*signalingv1.FindEdgesRequest); asked.Region != "eu" || asked.Room != w.room.Id {
		t.Errorf("FindEdges was asked %v", asked)
	}
	if w.last("Apply") != nil {
		t.Error("a listener touched the stage")
	}
}

func TestASpeakerTakesASeat(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PublicURL = "https://rooms.example/" })
	var in wireJoined
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker","muted":true}`, bearer: w.access}).want(t, 200, "").read(t, &in)
	if in.Role != "speaker" || in.Seat != 3 || in.SpeakGrant != "speak.grant.signed" || in.SpeakGrantExpiresAt == nil ||
		in.WhipURL != "https://rooms.example/v1/rooms/"+w.room.Id+"/whip" || in.Position != (view.Position{Term: 1, Offset: 4}) || len(in.Room.Speakers) != 3 {
		t.Errorf("a speaker was given %+v", in)
	}
	if in.Edges[1].URL != "https://rooms.example" || !strings.HasPrefix(in.Edges[1].ListenURL, "wss://rooms.example/v1/") {
		t.Errorf("the edge beside the gateway is %+v", in.Edges[1])
	}
	asked := w.last("Apply").(*listenerstatev1.ApplyRequest)
	if asked.Actor.GetUser() != string(w.user) || asked.GetTakeSeat().GetName() != "Cleo" || !asked.GetTakeSeat().GetMuted() || asked.CommandId == "" {
		t.Errorf("Apply was asked %v", asked)
	}
	if asked := w.last("Enter").(*roomv1.EnterRequest); asked.Role != listenv1.Role_ROLE_SPEAKER {
		t.Errorf("Enter was asked %v", asked)
	}
}

func TestListeningNeedsNeitherNameNorStage(t *testing.T) {
	w := newWorld(t)
	w.fail("GetStage", fault.New(fault.CodeConflict, "the stage is being repaired"))
	var in wireJoined
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`}).want(t, 200, "").read(t, &in)
	if in.Grant == "" || in.Card.Title != "Tides" || in.Card.Seats == nil || in.Position != (view.Position{}) {
		t.Errorf("without a stage the answer is %+v", in)
	}
	if asked := w.last("Enter").(*roomv1.EnterRequest); asked.User != "" {
		t.Errorf("nobody entered as %q", asked.User)
	}
	expired := w.seal(t, "main", noon.Add(-10*time.Minute))
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`, bearer: expired}).want(t, 401, fault.CodeExpired)
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker"}`}).want(t, 401, fault.CodeUnauthenticated)
}

// The stage log does not know rooms before their first start; the catalogue does.
func TestASpeakerIsToldWhyThereIsNoStage(t *testing.T) {
	w := newWorld(t)
	speak := call{method: "POST", path: joinPath, body: `{"role":"speaker"}`, bearer: w.access}
	w.fail("Apply", fault.New(fault.CodeNotFound, "no such room has been opened"))
	w.do(t, speak).want(t, 409, fault.CodeNotLive)
	for _, code := range []fault.Code{fault.CodeNotLive, fault.CodeNotFound, fault.CodeForbidden} {
		w.fail("Enter", fault.New(code, "as the catalogue says"))
		w.do(t, speak).want(t, fault.HTTPStatus(code), code)
	}
}

func TestJoinRefuses(t *testing.T) {
	w := newWorld(t)
	for field, body := range map[string]string{
		"role": `{"role":"host"}`, "region": `{"role":"listener","region":"EU west"}`, "muted": `{"role":"speaker","muted":"no"}`,
	} {
		got := w.do(t, call{method: "POST", path: joinPath, body: body, bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
		if got.fault().Details["field"] != field {
			t.Errorf("%s: answered %s", body, got.body)
		}
	}
	w.do(t, call{method: "POST", path: joinPath, body: `{}`, bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
	if w.last("Enter") != nil || w.last("Apply") != nil {
		t.Error("a service was asked")
	}
}

func TestNoEdgeIsUnavailable(t *testing.T) {
	w := newWorld(t)
	w.edges = []*signalingv1.Edge{{Node: "edge-1", Url: "ftp://edge"}, {Node: "edge-2", Url: "%"}}
	got := w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`}).want(t, 503, fault.CodeUnavailable)
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestAListenerIsToldAFewEdges(t *testing.T) {
	w := newWorld(t)
	for range 2 * maxEdges {
		w.edges = append(w.edges, w.edges[0])
	}
	var in wireJoined
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`}).want(t, 200, "").read(t, &in)
	if len(in.Edges) != maxEdges {
		t.Errorf("told %d edges", len(in.Edges))
	}
}

func TestProxyHeadersAreNotBelieved(t *testing.T) {
	w := newWorld(t)
	header := map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
	got := w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker"}`, bearer: w.access, header: header}).want(t, 200, "")
	if strings.Contains(string(got.body), "evil") {
		t.Errorf("answered %s", got.body)
	}
}

func TestWhoWasRemovedStaysOut(t *testing.T) {
	w := newWorld(t)
	w.stage.Removed = []string{string(w.user)}
	for _, c := range []call{
		{method: "POST", path: joinPath, body: `{"role":"listener"}`, bearer: w.access},
		{method: "POST", path: roomPath + "/grants", bearer: w.access},
	} {
		w.do(t, c).want(t, 403, fault.CodeRemoved)
	}
	w.fail("Apply", fault.New(fault.CodeRemoved, "you were removed from this room"))
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker"}`, bearer: w.access}).want(t, 403, fault.CodeRemoved)
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`}).want(t, 200, "") // as nobody, where that is open
}

func TestJoinTellsWhatTheStageSaysOfOne(t *testing.T) {
	w := newWorld(t)
	w.place, w.stage.Moderators = 2, []string{string(w.user)}
	w.stage.Invites = []*listenerstatev1.PendingInvite{{User: string(w.user), By: w.stage.Host, ExpiresAt: timestamppb.New(noon)}}
	var in wireJoined
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`, bearer: w.access}).want(t, 200, "").read(t, &in)
	if in.Role != "moderator" || in.You == nil || in.You.Role != "moderator" || in.You.Place != 2 || in.You.Invite == nil || in.You.Invite.By != w.stage.Host {
		t.Errorf("told %+v, %+v", in, in.You)
	}
	in = wireJoined{}
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"listener"}`}).want(t, 200, "").read(t, &in)
	if in.Role != "listener" || in.You != nil {
		t.Errorf("nobody is told %+v", in.You)
	}
	w.stage.Host = string(w.user)
	in = wireJoined{}
	w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker"}`, bearer: w.access}).want(t, 200, "").read(t, &in)
	if in.Role != "host" || in.You == nil || in.You.Seat != 3 || in.Seat != 3 || in.Card.Policy.HandMode != "open" {
		t.Errorf("told %+v, %+v", in, in.You)
	}
}

func TestGrantsAreRenewedAsOneStands(t *testing.T) {
	w := newWorld(t)
	grants := call{method: "POST", path: roomPath + "/grants"}
	var in wireJoined
	w.do(t, grants).want(t, 200, "").read(t, &in)
	if in.Grant == "" || len(in.Edges) != 2 || in.Role != "listener" || in.You != nil || in.SpeakGrant != "" || in.Card.Epoch != 7 {
		t.Errorf("nobody is given %+v", in)
	}
	grants.bearer, grants.body = w.access, `{"region":"eu"}`
	in = wireJoined{}
	w.do(t, grants).want(t, 200, "").read(t, &in)
	if in.Grant == "" || in.SpeakGrant != "" || in.WhipURL != "" || in.Seat != 0 || in.You == nil {
		t.Errorf("a listener is given %+v", in)
	}
	if asked := w.last("FindEdges").(*signalingv1.FindEdgesRequest); asked.Region != "eu" {
		t.Errorf("FindEdges was asked %v", asked)
	}
	w.stage.Seats[1].User = string(w.user)
	in = wireJoined{}
	w.do(t, grants).want(t, 200, "").read(t, &in)
	if in.Role != "speaker" || in.Seat != 2 || in.You.Seat != 2 || in.SpeakGrant != "speak.grant.signed" || in.SpeakGrantExpiresAt == nil ||
		!strings.HasSuffix(in.WhipURL, "/v1/rooms/"+w.room.Id+"/whip") {
		t.Errorf("a speaker is given %+v", in)
	}
	if asked := w.last("Enter").(*roomv1.EnterRequest); asked.Role != listenv1.Role_ROLE_SPEAKER || asked.User != string(w.user) {
		t.Errorf("Enter was asked %v", asked)
	}
	if w.last("Apply") != nil {
		t.Error("renewing changed the stage")
	}
	for _, body := range []string{`{"role":"speaker"}`, `{"region":"EU west"}`, `[]`} {
		w.do(t, call{method: "POST", path: grants.path, body: body, bearer: w.access, outside: true}).want(t, 400, fault.CodeInvalid)
	}
}

// A speaker whose stage cannot be had must not be taken for a listener; a listener without a name can.
func TestGrantsWithoutAStage(t *testing.T) {
	w := newWorld(t)
	grants := call{method: "POST", path: roomPath + "/grants", bearer: w.access}
	w.fail("GetStage", fault.New(fault.CodeConflict, "the stage is being repaired"))
	w.do(t, grants).want(t, 409, fault.CodeConflict)
	w.do(t, call{method: "POST", path: grants.path}).want(t, 200, "")
	w.fail("GetStage", fault.New(fault.CodeNotFound, "no such room has been opened"))
	w.do(t, grants).want(t, 409, fault.CodeNotLive)
	for _, code := range []fault.Code{fault.CodeNotLive, fault.CodeNotFound, fault.CodeEnded} {
		w.fail("Enter", fault.New(code, "as the catalogue says"))
		w.do(t, grants).want(t, fault.HTTPStatus(code), code)
	}
}
