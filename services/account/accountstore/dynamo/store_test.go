package dynamo

import (
	"fmt"
	"testing"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/account"
	"rostrum/services/account/accountstore"
)

// open opens an installation's tables, which it creates where they are missing.
func open(t *testing.T, endpoint, prefix string) *dynamo.DB {
	t.Helper()
	db, err := dynamo.Open(t.Context(), dynamo.Config{
		Endpoint: endpoint, Prefix: prefix, Credentials: dynamo.CredentialsStatic, Timeout: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.CreateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestContract(t *testing.T) {
	server, opened, installations := testkit.DynaliteOnDisk(t, t.TempDir()), false, 0
	accountstore.Test(t, func(t *testing.T) func() account.Store {
		installations++
		prefix := fmt.Sprintf("test%d-", installations)
		opened = false
		return func() account.Store {
			t.Helper()
			if opened {
				server.Stop()
				server.Start()
			}
			opened = true
			return New(open(t, server.Endpoint, prefix))
		}
	})
}

// The time to live is the first whole second at which the exact end has passed.
func TestRowsSayWhenTheyMayBeDeleted(t *testing.T) {
	db := open(t, testkit.Dynalite(t), "")
	s, ctx, end := New(db), t.Context(), time.Unix(2_000_000_000, 1).UTC()
	for expires, want := range map[time.Time]uint64{end: 2_000_000_001, {}: 0} {
		u := account.User{App: id.Main, ID: id.NewUser(), Name: "Ada", Expires: expires, Version: 1}
		if err := s.Put(ctx, u); err != nil {
			t.Fatal(err)
		}
		item, err := db.Load(ctx, dynamo.Accounts, key(u.App, u.ID))
		if got := dynamo.Read(item).Number("expires"); err != nil || got != want {
			t.Errorf("an end at %v is deleted from %d on, %v, want %d", expires, got, err, want)
		}
	}
}

// An item that somebody else has changed is an error, never a half-read person.
func TestItemsThatCannotBeRead(t *testing.T) {
	db := open(t, testkit.Dynalite(t), "")
	s, ctx := New(db), t.Context()
	token, device := dynamo.Item{}, dynamo.Item{}
	token.SetBytes("sha256", []byte{1, 2, 3})
	device.SetItems("tokens", []dynamo.Item{token})
	short, mistyped, inDevice := dynamo.Item{}, dynamo.Item{}, dynamo.Item{}
	short.SetItems("devices", []dynamo.Item{device})
	mistyped.SetNumber("name", 7)
	wrong := dynamo.Item{}
	wrong.SetText("since", "yesterday")
	inDevice.SetItems("devices", []dynamo.Item{wrong})
	for what, item := range map[string]dynamo.Item{"a short hash": short, "a mistyped name": mistyped, "a bad time": inDevice} {
		user := id.NewUser()
		if _, err := db.Put(ctx, dynamo.Accounts, key(id.Main, user), item, dynamo.Absent()); err != nil {
			t.Fatal(err)
		}
		if u, err := s.Load(ctx, id.Main, user); err == nil || fault.From(err).Code != fault.CodeInternal {
			t.Errorf("%s: loaded %+v, %v", what, u, err)
		}
	}
}

func TestADatabaseThatIsDownIsUnavailable(t *testing.T) {
	server := testkit.DynaliteOnDisk(t, t.TempDir())
	s, ctx := New(open(t, server.Endpoint, "")), t.Context()
	server.Stop()
	u := account.User{App: id.Main, ID: id.NewUser(), Name: "Ada", Version: 1}
	if err := s.Put(ctx, u); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Load(ctx, u.App, u.ID); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("load: %v", err)
	}
	server.Start()
	if err := s.Put(ctx, u); err != nil {
		t.Errorf("back: %v", err)
	}
}
