package dynamo

import (
	"testing"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

func openKeyring(t *testing.T, config KeyringConfig) *Keyring {
	t.Helper()
	ring, err := NewKeyring(config)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestADestroyedKeyDoesNotComeBack has a write of a key arrive after that key was destroyed.
func TestADestroyedKeyDoesNotComeBack(t *testing.T) {
	db, user := database(t, testkit.Dynalite(t), ""), id.NewUser()
	ring := openKeyring(t, KeyringConfig{DB: db})
	made, err := ring.MakeKey(t.Context(), id.Main, user)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.DestroyKey(t.Context(), id.Main, user); err != nil {
		t.Fatal(err)
	}
	late := dynamo.Item{}
	late.SetNumber(versionAttribute, 1)
	late.SetBytes(keyAttribute, made[:])
	_, err = db.Put(t.Context(), dynamo.Accounts, dynamo.Key{PK: personKey(id.Main, user)}, late, dynamo.VersionBefore(1))
	if !fault.Is(err, fault.CodeConflict) {
		t.Errorf("the late write: %v", err)
	}
	if _, found, err := ring.Key(t.Context(), id.Main, user); err != nil || found {
		t.Errorf("a destroyed key: %v, %v", found, err)
	}
}

func TestAnUnreachableKeyring(t *testing.T) {
	ring := openKeyring(t, KeyringConfig{DB: nowhere(t)})
	if _, err := ring.MakeKey(t.Context(), id.Main, id.NewUser()); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("%v", err)
	}
	if _, _, err := ring.Key(t.Context(), id.Main, id.NewUser()); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("%v", err)
	}
}
