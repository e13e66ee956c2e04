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

func TestRefreshesAreBoundedByAddress(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.GuestsPerMinute = 3 })
	refresh := call{method: "POST", path: "/v1/token/refresh", body: `{"refresh_token":"rt_a.b.c"}`}
	for range 3 {
		w.do(t, refresh).want(t, 200, "")
	}
	if got := w.do(t, refresh).want(t, 429, fault.CodeRateLimited); got.header.Get("Retry-After") != "20" {
		t.Errorf("answered %v", got.header)
	}
	w.do(t, call{method: "POST", path: "/v1/guests", body: `{"name":"Ada"}`}).want(t, 201, "")
}

func TestTokensAreAnswered(t *testing.T) {
	w := newWorld(t)
	var made, next wireTokens
	w.do(t, call{method: "POST", path: "/v1/guests", body: `{"name":"Ada"}`}).want(t, 201, "").read(t, &made)
	if made.RefreshToken != "rt_a.b.c" || made.RefreshExpiresAt.Sub(noon) != 30*24*time.Hour || made.AccessToken != "a.b.c.d.e" || made.User.Name != "Ada" {
		t.Errorf("a guest is given %+v", made)
	}
	w.do(t, call{method: "POST", path: "/v1/token/refresh", body: `{"refresh_token":"rt_a.b.c"}`}).want(t, 200, "").read(t, &next)
	if next.RefreshToken != "rt_a.b.d" || next.AccessToken != "f.g.h.i.j" || next.ExpiresAt.Sub(noon) != 24*time.Hour || !next.User.Guest {
		t.Errorf("refreshed to %+v", next)
	}
	for _, body := range []string{`{}`, `{"refresh_token":""}`, `{"refresh_token":7}`, `{"refresh_token":"a","device":"b"}`, `[]`} {
		w.do(t, call{method: "POST", path: "/v1/token/refresh", body: body, outside: true}).want(t, 400, fault.CodeInvalid)
	}
	w.do(t, call{method: "POST", path: "/v1/token/refresh", outside: true}).want(t, 415, fault.CodeUnsupportedMedia)
}
