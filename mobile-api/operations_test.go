package mobileapi

import (
	"testing"
	"time"

	"rostrum/internal/fault"
)

// operation is a good call, and what it stands on.
type operation struct {
	call   call
	status int
	// methods of the services; a fault of any of them is the operation's.
	methods []string
}

// operations is one good call of every operation, by operationId.
func (w *world) operations(t testing.TB) map[string]operation {
	const room, session = "/v1/rooms/{room}", "/v1/rooms/{room}/whip/sfu-1.0123456789abcdefghjk"
	const stage, other = room + "/stage/", "us_0123456789abcdefghjk"
	speak := w.sign(t)
	keyed := map[string]string{"Idempotency-Key": "once"}
	sdp := map[string]string{"Content-Type": mediaSDP}
	fragment := map[string]string{"Content-Type": mediaFragment, "If-Match": "*"}
	return map[string]operation{
		"contract":     {call{method: "GET", path: "/v1/openapi.yaml"}, 200, nil},
		"createGuest":  {call{method: "POST", path: "/v1/guests", body: `{"name":"Ada","device":"a phone"}`}, 201, []string{"CreateGuest"}},
		"refreshToken": {call{method: "POST", path: "/v1/token/refresh", body: `{"refresh_token":"rt_a.b.c"}`}, 200, []string{"Refresh"}},
		"listRooms":    {call{method: "GET", path: "/v1/rooms?limit=5&cursor=abc"}, 200, []string{"ListRooms"}},
		"createRoom":   {call{method: "POST", path: "/v1/rooms", body: `{"title":"Tides"}`, bearer: w.access, header: keyed}, 201, []string{"CreateRoom"}},
		"readRoom":     {call{method: "GET", path: room}, 200, []string{"GetRoom"}},
		"startRoom":    {call{method: "POST", path: room + "/start", bearer: w.access}, 200, []string{"StartRoom"}},
		"endRoom":      {call{method: "POST", path: room + "/end", bearer: w.access}, 200, []string{"EndRoom"}},
		"joinRoom": {call{method: "POST", path: room + "/join", body: `{"role":"speaker"}`, bearer: w.access}, 200,
			[]string{"Apply", "Enter", "FindEdges"}},
		"renewGrants": {call{method: "POST", path: room + "/grants", body: `{"region":"eu"}`, bearer: w.access}, 200,
			[]string{"GetStage", "Enter", "FindEdges"}},
		"readStage":   {call{method: "GET", path: room + "/stage?at_least=1-3", bearer: w.access}, 200, []string{"GetStage"}},
		"leaveRoom":   {call{method: "POST", path: room + "/leave", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"raiseHand":   {call{method: "POST", path: room + "/hand", body: `{"note":"about tides"}`, bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"lowerHand":   {call{method: "DELETE", path: room + "/hand", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"lowerHands":  {call{method: "DELETE", path: room + "/hands", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"setHandMode": {call{method: "PUT", path: room + "/hands/mode", body: `{"mode":"invited"}`, bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"appoint":     {call{method: "PUT", path: room + "/moderators/" + other, bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"dismiss":     {call{method: "DELETE", path: room + "/moderators/me", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"invite": {call{method: "POST", path: stage + other + "/invite", body: `{"expires_in":30}`, bearer: w.access, header: keyed}, 200,
			[]string{"Apply", "GetUser"}},
		"withdraw":       {call{method: "POST", path: stage + other + "/withdraw", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"accept":         {call{method: "POST", path: stage + "me/accept", body: `{"muted":true}`, bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"decline":        {call{method: "POST", path: stage + "me/decline", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"seatPerson":     {call{method: "POST", path: stage + other + "/seat", bearer: w.access, header: keyed}, 200, []string{"Apply", "GetUser"}},
		"toAudience":     {call{method: "POST", path: stage + "me/audience", bearer: w.access}, 200, []string{"Apply"}},
		"mute":           {call{method: "POST", path: stage + "me/mute", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"unmute":         {call{method: "POST", path: stage + "me/unmute", bearer: w.access}, 200, []string{"Apply"}},
		"hold":           {call{method: "POST", path: stage + other + "/hold", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"release":        {call{method: "POST", path: stage + other + "/release", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"lowerHandOf":    {call{method: "POST", path: stage + other + "/lower", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"remove":         {call{method: "POST", path: stage + other + "/remove", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"readmit":        {call{method: "POST", path: stage + other + "/readmit", bearer: w.access, header: keyed}, 200, []string{"Apply"}},
		"createSession":  {call{method: "POST", path: room + "/whip", body: "v=0\r\n", bearer: speak, header: sdp}, 201, []string{"CreateSession"}},
		"restartSession": {call{method: "PATCH", path: session, body: "a=ice-ufrag:y\r\n", bearer: w.access, header: fragment}, 200, []string{"RestartSession"}},
		"closeSession":   {call{method: "DELETE", path: session, bearer: speak}, 200, []string{"CloseSession"}},
	}
}

// TestEveryOperationConforms sends every operation, then again with every documented fault from every service that it
// stands on. world.do checks requests and answers against the contract.
func TestEveryOperationConforms(t *testing.T) {
	w := newWorld(t)
	all := w.operations(t)
	for path, item := range readContract(t).Paths.Map() {
		for method, documented := range item.Operations() {
			if documented.OperationID == "events" {
				continue // TestEventsAreHandedOver
			}
			t.Run(documented.OperationID, func(t *testing.T) {
				op, known := all[documented.OperationID]
				if !known {
					t.Fatalf("%s %s has no good call in this test", method, path)
				}
				w.do(t, op.call).want(t, op.status, "")
				for _, service := range op.methods {
					for _, code := range faultsOf(t, documented) {
						isDoor := documented.OperationID == "joinRoom" || documented.OperationID == "renewGrants"
						if isDoor && code == fault.CodeNotFound && (service == "Apply" || service == "GetStage") {
							continue // TestASpeakerIsToldWhyThereIsNoStage
						}
						w.fail(service, fault.New(code, "as the service says").With("field", "title"))
						got := w.do(t, op.call).want(t, fault.HTTPStatus(code), code).fault()
						if got.Message != "as the service says" || got.Details["field"] != "title" {
							t.Errorf("%s: %s lost its words: %+v", service, code, got)
						}
					}
					w.fail(service, nil)
				}
			})
		}
	}
}

// TestEveryPersonalOperationWantsAToken tries all that the contract protects without a token and with bad ones.
func TestEveryPersonalOperationWantsAToken(t *testing.T) {
	w := newWorld(t)
	for id, op := range w.operations(t) {
		if op.call.bearer == "" {
			continue
		}
		t.Run(id, func(t *testing.T) {
			for name, c := range map[string]struct {
				bearer string
				status int
				code   fault.Code
			}{
				"none":        {"", 401, fault.CodeUnauthenticated},
				"garbage":     {"garbage", 401, fault.CodeUnauthenticated},
				"dots":        {"....", 401, fault.CodeUnauthenticated},
				"empty grant": {"..", 401, fault.CodeUnauthenticated},
				"expired":     {w.seal(t, "main", noon.Add(-10*time.Minute)), 401, fault.CodeExpired},
				"another app": {w.seal(t, "other", noon.Add(time.Minute)), 403, fault.CodeForbidden},
			} {
				if c.bearer == "" && (id == "readStage" || id == "renewGrants") {
					continue // for those who are not known, too
				}
				call := op.call
				call.bearer = c.bearer
				if got := w.do(t, call).want(t, c.status, c.code); c.status == 401 && got.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: no WWW-Authenticate", name)
				}
			}
		})
	}
}
