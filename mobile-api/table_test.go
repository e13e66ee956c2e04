package mobileapi

import (
	"strings"
	"testing"

	"rostrum/internal/fault"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/", "/v1", "/v2/rooms", "/v1/rooms/", "/v1//rooms", "/v1/rooms/../guests", "/v1/rooms/{room}/listen",
		"/v1/rooms/{room}/stage/me", "/v1/rooms/{room}/some.door.grant/listen.ogg"} {
		got := w.do(t, call{method: "GET", path: path, outside: true}).want(t, 404, fault.CodeNotFound)
		if !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
			t.Errorf("%s answered %s", path, got.header.Get("Content-Type"))
		}
	}
	for path, allow := range map[string]string{
		"/v1/rooms": "GET, HEAD, OPTIONS, POST", "/v1/guests": "OPTIONS, POST", "/v1/rooms/{room}/whip/x": "DELETE, OPTIONS, PATCH",
	} {
		got := w.do(t, call{method: "PUT", path: path, outside: true}).want(t, 405, fault.CodeMethodNotAllowed)
		if got.header.Get("Allow") != allow {
			t.Errorf("%s allows %q, want %q", path, got.header.Get("Allow"), allow)
		}
	}
	response, err := w.server.Client().Head(w.server.URL + "/v1/rooms")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("HEAD answered %d", response.StatusCode)
	}
	if strings.Contains(w.log.String(), "some.door.grant") {
		t.Error("a grant in a path was logged")
	}
}

func TestBrowsersOfOtherOriginsMayCall(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ path, method string }{{"/v1/rooms", "POST"}, {whipPath, "POST"}, {whipPath + "/x", "PATCH"}} {
		got := w.do(t, call{method: "OPTIONS", path: c.path, outside: true, header: map[string]string{
			"Origin": "https://elsewhere.example", "Access-Control-Request-Method": c.method,
			"Access-Control-Request-Headers": "authorization, content-type, if-match",
		}}).want(t, 204, "")
		h := got.header
		if h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), c.method) ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "If-Match") {
			t.Errorf("%s: preflight answered %v", c.path, h)
		}
	}
	for _, path := range []string{"/v1/rooms", "/nowhere"} {
		h := w.do(t, call{method: "GET", path: path, outside: true}).header
		if h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Location") ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "ETag") || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: answered %v", path, h)
		}
	}
}
