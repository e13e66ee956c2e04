package mobileapi

import (
	"net/http"
	"strings"
	"testing"

	"rostrum/internal/fault"
)

func TestTheLogTellsCallsAndNoSecrets(t *testing.T) {
	w := newWorld(t)
	got := w.do(t, call{method: "POST", path: joinPath, body: `{"role":"speaker"}`, bearer: w.access, header: map[string]string{"X-Request-Id": "abc-1234"}})
	if got.header.Get("X-Request-Id") != "abc-1234" {
		t.Errorf("request id is %q", got.header.Get("X-Request-Id"))
	}
	w.do(t, call{method: "POST", path: whipPath, body: "v=0", bearer: w.sign(t), header: map[string]string{"Content-Type": mediaSDP}})
	for _, bad := range []string{"with space", "short-7", strings.Repeat("x", 65), `"quoted"`} {
		id := w.do(t, call{method: "GET", path: "/v1/rooms", header: map[string]string{"X-Request-Id": bad}}).header.Get("X-Request-Id")
		if id == bad || len(id) < 10 {
			t.Errorf("%q became the request id %q", bad, id)
		}
	}
	w.fail("GetRoom", http.ErrBodyNotAllowed)
	w.do(t, call{method: "GET", path: "/v1/rooms/{room}"}).want(t, 500, fault.CodeInternal)
	log := w.log.String()
	for _, want := range []string{"request_id=abc-1234", `route="POST /v1/rooms/{room}/join"`, "status=200", "code=ok", "user=" + string(w.user), "level=ERROR", "code=internal"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	for _, secret := range []string{w.access, "listen.grant", "ogg.grant", "speak.grant", "eyJ"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %s", secret)
		}
	}
	if n := w.counted(t, "rostrum_mobileapi_request_seconds", "route", "GET /v1/rooms/{room}", "code", "internal"); n != 1 {
		t.Errorf("%v failed calls were counted", n)
	}
}
