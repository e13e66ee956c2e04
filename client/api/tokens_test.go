package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// house gives tokens a1, a2, … and takes only the newest.
type house struct {
	mu       sync.Mutex
	given    int
	refresh  []string // refresh tokens that were used
	down     int      // answers to renewals that are lost
	gone     bool     // refresh tokens are refused
	lifetime time.Duration
}

func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/v1/guests", "/v1/token/refresh":
		if r.Header.Get("Authorization") != "" {
			return answer(400, `{"error":{"code":"invalid","message":"no bearer is wanted here"}}`), nil
		}
		var in struct {
			RefreshToken string `json:"refresh_token"`
		}
		_ = json.Unmarshal(raw, &in)
		if in.RefreshToken != "" {
			h.refresh = append(h.refresh, in.RefreshToken)
		}
		if h.gone {
			return answer(401, `{"error":{"code":"unauthenticated","message":"who?"}}`), nil
		}
		if h.down > 0 {
			h.down--
			return nil, errors.New("connection reset")
		}
		h.given++
		tokens, _ := json.Marshal(h.tokens())
		return answer(200, string(tokens)), nil
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer a%d", h.given) {
		return answer(401, `{"error":{"code":"expired","message":"get another"}}`), nil
	}
	return answer(200, `{}`), nil
}

func (h *house) tokens() Tokens {
	return Tokens{
		User: User{ID: user, Name: "Ada"}, AccessToken: fmt.Sprint("a", h.given), ExpiresAt: time.Now().Add(h.lifetime),
		RefreshToken: fmt.Sprint("r", h.given), RefreshExpiresAt: time.Now().Add(30 * 24 * time.Hour),
	}
}

func (h *house) client(options ...Option) *Client {
	return New("http://gateway", append(options, WithHTTPClient(&http.Client{Transport: h}))...)
}

func TestTokensAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{lifetime: time.Hour}
		var kept []string
		c := h.client(OnTokens(func(t Tokens) { kept = append(kept, t.AccessToken) }))
		if _, err := c.Guest(t.Context(), "Ada"); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name   string
			before func()
			want   string
		}{
			{"new", func() {}, "a1"},
			{"nearly over", func() { time.Sleep(time.Hour - early) }, "a1"},
			{"over", func() { time.Sleep(time.Second) }, "a2"},
			{"refused before its time", func() { h.given++ }, "a4"},
			{"a lost answer", func() { h.given++; h.down = 1 }, "a6"},
		} {
			step.before()
			if err := start(c); err != nil || c.Token() != step.want {
				t.Errorf("%s: called as %s, %v", step.name, c.Token(), err)
			}
		}
		if got := fmt.Sprint(kept, h.refresh); got != "[a1 a2 a4 a6] [r1 r2 r4 r4]" {
			t.Errorf("kept and used %s", got)
		}
		if tokens := c.Tokens(); tokens.User.Name != "Ada" || tokens.RefreshToken != "r6" {
			t.Errorf("%+v", tokens)
		}
	})
}

func TestManyCallsRenewOnce(t *testing.T) {
	h := &house{lifetime: time.Hour, given: 1}
	c := h.client(WithTokens(h.tokens()))
	h.given = 2
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := start(c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(h.refresh) != 1 {
		t.Errorf("renewed with %v", h.refresh)
	}
}

func TestATokenForASocket(t *testing.T) {
	h := &house{lifetime: time.Hour, given: 1}
	c := h.client(WithTokens(h.tokens()))
	for _, step := range []struct{ refused, want string }{{"", "a1"}, {"another", "a1"}, {"a1", "a2"}, {"a1", "a2"}, {"a2", "a3"}} {
		if got, err := c.AccessToken(t.Context(), step.refused); got != step.want || err != nil {
			t.Errorf("after %q: %s, %v", step.refused, got, err)
		}
	}
	plain := h.client(WithToken("a3"))
	if got, err := plain.AccessToken(t.Context(), ""); got != "a3" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := plain.AccessToken(t.Context(), "a3"); !errors.Is(err, errNotRenewable) {
		t.Errorf("%v", err)
	}
	if _, err := plain.Refresh(t.Context()); !errors.Is(err, errNotRenewable) {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotBeRenewedIsTold(t *testing.T) {
	h := &house{lifetime: -time.Hour, given: 1, gone: true}
	c := h.client(WithTokens(h.tokens()))
	if err := start(c); err != nil { // by the clock here it is over, and the gateway takes it
		t.Error(err)
	}
	h.given = 2
	if err := start(c); CodeOf(err) != "unauthenticated" || !strings.Contains(err.Error(), "renew the access token") {
		t.Errorf("%v", err)
	}
	if err := start(h.client(WithToken("a1"))); CodeOf(err) != "expired" {
		t.Errorf("%v", err)
	}
}

// A clock that is wrong by a day does not make a renewal of every call.
func TestAWrongClockRenewsOnce(t *testing.T) {
	h := &house{lifetime: -24 * time.Hour, given: 1}
	c := h.client(WithTokens(h.tokens()))
	for range 10 {
		if err := start(c); err != nil {
			t.Error(err)
		}
	}
	if len(h.refresh) != 1 {
		t.Errorf("renewed with %v", h.refresh)
	}
}

func TestTokensFromElsewhere(t *testing.T) {
	h := &house{lifetime: time.Hour}
	made := 0
	c := h.client(WithRenewal(func(_ context.Context, over Tokens) (Tokens, error) {
		made++
		h.given++
		return Tokens{AccessToken: fmt.Sprint("a", h.given), RefreshToken: over.AccessToken}, nil
	}))
	if err := start(c); err != nil || made != 1 {
		t.Errorf("%d, %v", made, err)
	}
	h.given++
	if err := start(c); err != nil || made != 2 || c.Tokens().RefreshToken != "a1" {
		t.Errorf("%d, %v, %+v", made, err, c.Tokens())
	}
}

// A renewal that has begun is finished: the refresh token is spent.
func TestARenewalOutlivesItsCall(t *testing.T) {
	h := &house{lifetime: time.Hour, given: 1}
	ctx, cancel := context.WithCancel(t.Context())
	c := New("http://gateway", WithTokens(h.tokens()), WithHTTPClient(&http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v1/token/refresh" {
			cancel()
		}
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return h.RoundTrip(r)
	})}))
	h.given = 2
	if _, err := c.Start(ctx, room); !errors.Is(err, context.Canceled) || c.Token() != "a3" {
		t.Errorf("%v, calls as %s", err, c.Token())
	}
}
