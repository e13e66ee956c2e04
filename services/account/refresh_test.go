package account_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	accountv1 "rostrum/proto/rostrum/account/v1"
	"rostrum/services/account"
)

const day = 24 * time.Hour

func (w *world) guest(t *testing.T) *accountv1.CreateGuestResponse {
	t.Helper()
	made, err := w.CreateGuest(t.Context(), &accountv1.CreateGuestRequest{App: "main", Name: "Ada", Device: "a phone"})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (w *world) refresh(t *testing.T, token string) (*accountv1.RefreshResponse, error) {
	t.Helper()
	return w.Refresh(t.Context(), &accountv1.RefreshRequest{App: "main", RefreshToken: token})
}

func (w *world) mustRefresh(t *testing.T, token string) string {
	t.Helper()
	got, err := w.refresh(t, token)
	if err != nil {
		t.Fatal(err)
	}
	return got.GetRefreshToken()
}

func (w *world) wantRefused(t *testing.T, what, token string, code fault.Code) {
	t.Helper()
	if _, err := w.refresh(t, token); !fault.Is(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestAGuestStaysByRefreshing(t *testing.T) {
	w := newWorld(t)
	made := w.guest(t)
	if !strings.HasPrefix(made.GetRefreshToken(), "rt_"+strings.TrimPrefix(made.GetUser().GetId(), "us_")+".") {
		t.Errorf("the refresh token is %q", made.GetRefreshToken())
	}
	if until := made.GetRefreshExpiresAt().AsTime(); !until.Equal(w.now.Add(30 * day)) {
		t.Errorf("it lasts until %v", until)
	}
	token := made.GetRefreshToken()
	for range 4 { // 116 days
		w.now = w.now.Add(29 * day)
		got, err := w.refresh(t, token)
		if err != nil {
			t.Fatal(err)
		}
		token = got.GetRefreshToken()
		access, err := w.keys.Open(got.GetAccessToken(), w.now)
		if err != nil || string(access.User) != made.GetUser().GetId() || access.Name != "Ada" || !access.Guest ||
			!access.Expires.Equal(got.GetExpiresAt().AsTime()) || !got.GetRefreshExpiresAt().AsTime().Equal(w.now.Add(30*day)) {
			t.Errorf("answered %v: %+v, %v", got, access, err)
		}
	}
	w.now = w.now.Add(30 * day)
	w.wantRefused(t, "after 30 days", token, fault.CodeExpired)
	if _, err := w.GetUser(t.Context(), &accountv1.GetUserRequest{App: "main", User: made.GetUser().GetId()}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("the guest is still known: %v", err)
	}
}

func TestALostAnswerMayBeAskedForAgain(t *testing.T) {
	w := newWorld(t)
	first := w.guest(t).GetRefreshToken()
	lost := w.mustRefresh(t, first)
	w.now = w.now.Add(59 * time.Second)
	again := w.mustRefresh(t, first)
	if again == lost || again == first {
		t.Error("the answer is not a fresh one")
	}
	w.now = w.now.Add(day) // whichever of the two arrived is good
	next := w.mustRefresh(t, lost)
	w.mustRefresh(t, again) // the other one, within a minute
	w.now = w.now.Add(day)
	w.mustRefresh(t, next)
}

func TestAnOldTokenEndsItsDevice(t *testing.T) {
	for name, old := range map[string]func(*world, string) string{
		"after its minute": func(w *world, first string) string {
			next := w.mustRefresh(t, first)
			w.now = w.now.Add(time.Minute)
			w.wantRefused(t, "the old one", first, fault.CodeUnauthenticated)
			return next
		},
		"two uses back": func(w *world, first string) string {
			next := w.mustRefresh(t, w.mustRefresh(t, first))
			w.wantRefused(t, "the old one", first, fault.CodeUnauthenticated)
			return next
		},
		"another secret": func(w *world, first string) string {
			forged := first[:len(first)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(first, "0")]
			w.wantRefused(t, "a forged one", forged, fault.CodeUnauthenticated)
			return first
		},
	} {
		var log bytes.Buffer
		w := newWorld(t, func(c *account.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		first := w.guest(t).GetRefreshToken()
		newest := old(w, first)
		w.wantRefused(t, name+": the newest one", newest, fault.CodeUnauthenticated)
		if text := log.String(); !strings.Contains(text, "used again") || strings.Contains(text, first[3:]) || strings.Contains(text, newest[len(newest)-8:]) {
			t.Errorf("%s: logged %q", name, text)
		}
	}
}

func TestStrangeRefreshTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	good := w.guest(t).GetRefreshToken()
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"none": "", "an access token": "a.b.c.d.e", "no prefix": strings.TrimPrefix(good, "rt_"), "in capitals": strings.ToUpper(good),
		"a space": good + " ", "a line": good + "\n", "short": good[:len(good)-1], "more": good + ".a", "huge": strings.Repeat(good, 1000),
		"another device": parts[0] + ".0000000000000000." + parts[2],
		"another user":   "rt_" + strings.TrimPrefix(string(id.NewUser()), "us_") + "." + parts[1] + "." + parts[2],
	} {
		w.wantRefused(t, name, token, fault.CodeUnauthenticated)
	}
	if _, err := w.Refresh(t.Context(), &accountv1.RefreshRequest{App: "other", RefreshToken: good}); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("another app: %v", err)
	}
	if _, err := w.Refresh(t.Context(), &accountv1.RefreshRequest{App: "No app", RefreshToken: good}); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("no app: %v", err)
	}
	w.mustRefresh(t, good)
}

func TestManyMayRefreshAtOnce(t *testing.T) {
	w := newWorld(t)
	first := w.guest(t).GetRefreshToken()
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		next []string
	)
	for range 6 {
		work.Go(func() {
			got, err := w.Refresh(context.Background(), &accountv1.RefreshRequest{App: "main", RefreshToken: first})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			next = append(next, got.GetRefreshToken())
		})
	}
	work.Wait()
	for i, token := range next {
		if i == 0 {
			w.now = w.now.Add(day) // any of them
		}
		w.mustRefresh(t, token)
	}
}

// crowded is a store where somebody else is always faster.
type crowded struct{ account.Store }

func (c crowded) Put(ctx context.Context, u account.User) error {
	if u.Version > 1 {
		return fault.New(fault.CodeConflict, "another change came first; read again")
	}
	return c.Store.Put(ctx, u)
}

func TestWhoNeverWinsIsToldToTryAgain(t *testing.T) {
	w := newWorld(t, func(c *account.Config) { c.Store = crowded{c.Store} })
	w.wantRefused(t, "always second", w.guest(t).GetRefreshToken(), fault.CodeUnavailable)
}
