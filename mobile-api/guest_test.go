package mobileapi

import (
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
)

func TestGuestsAreBoundedByAddress(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.GuestsPerMinute = 3 })
	guest := call{method: "POST", path: "/v1/guests", body: `{"name":"Ada"}`}
	for range 3 {
		w.do(t, guest).want(t, 201, "")
	}
	got := w.do(t, guest).want(t, 429, fault.CodeRateLimited)
	if got.header.Get("Retry-After") != "20" || got.fault().RetryAfter != 20*time.Second {
		t.Errorf("answered %v %s", got.header, got.body)
	}
	w.do(t, call{method: "GET", path: "/v1/rooms"}).want(t, 200, "")
}

func TestBodiesAreBounded(t *testing.T) {
	w := newWorld(t)
	body := `{"name":"` + strings.Repeat("a", maxBody) + `"}`
	w.do(t, call{method: "POST", path: "/v1/guests", body: body}).want(t, 413, fault.CodeTooLarge)
	w.do(t, call{method: "POST", path: "/v1/guests", body: `{}`, header: map[string]string{"Content-Type": "text/plain"}, outside: true}).want(t, 415, fault.CodeUnsupportedMedia)
	w.do(t, call{method: "POST", path: "/v1/guests", body: `{}`, header: map[string]string{"Content-Type": "application/json; charset=latin1"}, outside: true}).want(t, 415, fault.CodeUnsupportedMedia)
	if w.last("CreateGuest") != nil {
		t.Error("accounts was asked")
	}
}
