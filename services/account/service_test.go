package account_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	accountv1 "rostrum/proto/rostrum/account/v1"
	"rostrum/services/account"
	"rostrum/services/account/accountstore/bolt"
)

type world struct {
	*account.Server
	keys token.AccessKeys
	now  time.Time
}

func newWorld(t *testing.T, change ...func(*account.Config)) *world {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "test.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := bolt.New(db)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{keys: token.AccessKeys{token.NewAccessKey()}, now: time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC)}
	c := account.Config{Store: store, Tokens: w.keys, Now: func() time.Time { return w.now }}
	for _, f := range change {
		f(&c)
	}
	service, err := account.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.Server = account.NewServer(service)
	return w
}

func TestAGuestIsWhoTheTokenSays(t *testing.T) {
	w := newWorld(t)
	made, err := w.CreateGuest(t.Context(), &accountv1.CreateGuestRequest{App: "main", Name: " Zoe\u0308 ", Device: "Firefox on Linux"})
	if err != nil {
		t.Fatal(err)
	}
	user := made.GetUser()
	if user.GetName() != "Zoë" || !user.GetGuest() || !user.GetCreatedAt().AsTime().Equal(w.now) {
		t.Errorf("made %v", user)
	}
	access, err := w.keys.Open(made.GetAccessToken(), w.now)
	if err != nil || access.User != id.User(user.GetId()) || access.Name != "Zoë" || access.App != id.Main || !access.Guest {
		t.Errorf("the token says %+v, %v", access, err)
	}
	if !access.Expires.Equal(made.GetExpiresAt().AsTime()) || access.Expires.Sub(w.now) < 24*time.Hour-time.Second {
		t.Errorf("the token ends at %v, said %v", access.Expires, made.GetExpiresAt().AsTime())
	}
	found, err := w.GetUser(t.Context(), &accountv1.GetUserRequest{App: "main", User: user.GetId()})
	if err != nil || found.GetUser().GetName() != "Zoë" {
		t.Errorf("found %v, %v", found, err)
	}
	w.now = w.now.Add(31 * 24 * time.Hour)
	if _, err := w.GetUser(t.Context(), &accountv1.GetUserRequest{App: "main", User: user.GetId()}); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("after 31 days: %v", err)
	}
}

func TestStrangeRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, in := range map[string]*accountv1.CreateGuestRequest{
		"no app": {Name: "Ada"}, "no name": {App: "main"}, "a long name": {App: "main", Name: strings.Repeat("a", 41)},
		"an override": {App: "main", Name: "a\u202eb"}, "a long device": {App: "main", Name: "Ada", Device: strings.Repeat("a", 81)},
		"a control in device": {App: "main", Name: "Ada", Device: "a\x00"},
	} {
		if _, err := w.CreateGuest(t.Context(), in); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.GetUser(t.Context(), &accountv1.GetUserRequest{App: "main", User: "ada"}); !fault.Is(err, fault.CodeInvalid) {
		t.Error(err)
	}
	if _, err := w.GetUser(t.Context(), &accountv1.GetUserRequest{App: "main", User: string(id.NewUser())}); !fault.Is(err, fault.CodeNotFound) {
		t.Error(err)
	}
}

func TestAServiceNeedsAKey(t *testing.T) {
	if _, err := account.New(account.Config{}); err == nil {
		t.Error("made without store and key")
	}
}
