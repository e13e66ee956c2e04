package mobileapi

import (
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
)

// Who changes more at a time than anyone needs is told to wait. Reading goes on, and so do others.
func TestOnePersonKeepsAPace(t *testing.T) {
	now := noon
	w := newWorld(t, func(c *Config) { c.ChangesPerSecond, c.Now = 0, func() time.Time { return now } })
	mute := call{method: "POST", path: roomPath + "/stage/me/mute", bearer: w.access}
	for range 40 {
		w.do(t, mute).want(t, 200, "")
	}
	got := w.do(t, mute).want(t, 429, fault.CodeRateLimited)
	if wait := got.fault().RetryAfter; wait != 50*time.Millisecond {
		t.Errorf("told to wait %v", wait)
	}
	w.do(t, call{method: "POST", path: "/v1/rooms", body: `{"title":"More"}`, bearer: w.access}).want(t, 429, fault.CodeRateLimited)
	w.do(t, call{method: "GET", path: roomPath + "/stage", bearer: w.access}).want(t, 200, "")
	other := w.sealed(t, token.Access{App: id.Main, User: id.NewUser(), Name: "Dee", Issued: noon, Expires: noon.Add(time.Hour)})
	w.do(t, call{method: "POST", path: roomPath + "/hand", bearer: other}).want(t, 200, "")
	now = now.Add(50 * time.Millisecond)
	w.do(t, mute).want(t, 200, "")
	w.do(t, mute).want(t, 429, fault.CodeRateLimited)
}
