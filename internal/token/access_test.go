package token

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func access() Access {
	return Access{
		App: id.Main, User: id.NewUser(), Name: "Ada", Guest: true, Issued: now, Expires: now.Add(GuestLifetime),
	}
}

func TestAccessSurvivesSealing(t *testing.T) {
	keys, want := AccessKeys{NewAccessKey(), NewAccessKey()}, access()
	text, err := keys.Seal(want)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "Ada") || strings.Count(text, ".") != 4 {
		t.Errorf("not a compact JWE: %s", text)
	}
	got, err := keys.Open(text, now)
	if err != nil || got != want {
		t.Errorf("opened %+v, %v", got, err)
	}
	rotated := AccessKeys{NewAccessKey(), keys[0]}
	if got, err := rotated.Open(text, now); err != nil || got != want {
		t.Errorf("after rotation %+v, %v", got, err)
	}
	parsed, err := ParseAccessKey(keys[0].Text())
	if err != nil || parsed != keys[0] {
		t.Errorf("the key's text became %v, %v", parsed, err)
	}
	if printed, want := fmt.Sprintf("%v %+v", keys[0], keys), keys[0].id+" ["+keys[0].id+" "+keys[1].id+"]"; printed != want {
		t.Errorf("keys print as %s, want their ids only", printed)
	}
}

func TestAccessEndsWithItsTime(t *testing.T) {
	keys := AccessKeys{NewAccessKey()}
	text, err := keys.Seal(access())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Duration
		want fault.Code
	}{
		{-Skew - time.Second, fault.CodeUnauthenticated},
		{-Skew, ""},
		{GuestLifetime + Skew - time.Second, ""},
		{GuestLifetime + Skew, fault.CodeExpired},
	} {
		_, err := keys.Open(text, now.Add(c.at))
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("at %v: %v, want %q", c.at, err, c.want)
		}
	}
}

func TestForgedAccessIsRefused(t *testing.T) {
	keys := AccessKeys{NewAccessKey()}
	text, err := keys.Seal(access())
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := AccessKeys{{id: keys[0].id, secret: NewAccessKey().secret}}.Seal(access())
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"empty": "", "dots": "....", "huge": strings.Repeat("a", MaxBytes+1), "another key": foreign,
		"wrapped key": sealWith(t, jose.A256GCMKW, jose.A256GCM, keys[0]),
		"other mode":  sealWith(t, jose.DIRECT, jose.A128CBC_HS256, keys[0]),
		"no key id":   sealWith(t, jose.DIRECT, jose.A256GCM, AccessKey{secret: keys[0].secret}),
		"not claims":  sealWith(t, jose.DIRECT, jose.A256GCM, keys[0]),
	} {
		if _, err := keys.Open(forged, now); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range len(text) {
		if i == len(text)-1 || text[i] == '.' || text[i+1] == '.' {
			continue // the last character of a part may carry bits without meaning
		}
		forged := []byte(text)
		forged[i] = map[bool]byte{true: 'B', false: 'A'}[forged[i] == 'A']
		if _, err := keys.Open(string(forged), now); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Fatalf("with character %d changed: %v", i, err)
		}
	}
}

func TestWhatNobodyCouldOpenIsNotSealed(t *testing.T) {
	if _, err := (AccessKeys{}).Seal(access()); err == nil {
		t.Error("sealed without a key")
	}
	for name, change := range map[string]func(*Access){
		"user": func(a *Access) { a.User = "somebody" },
		"app":  func(a *Access) { a.App = "" },
		"time": func(a *Access) { a.Expires = a.Issued },
		"size": func(a *Access) { a.Name = strings.Repeat("a", MaxBytes) },
	} {
		a := access()
		change(&a)
		if _, err := (AccessKeys{NewAccessKey()}).Seal(a); err == nil {
			t.Errorf("sealed with a bad %s", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys := AccessKeys{{id: "k"}}
	text, err := keys.Seal(access())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("....")
	f.Add(`eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiayJ9....`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := keys.Open(text, now)
		if err != nil && !fault.Is(err, fault.CodeUnauthenticated) && !fault.Is(err, fault.CodeExpired) {
			t.Fatalf("undocumented: %v", err)
		}
		if err == nil && (a.App == "" || a.User == "") {
			t.Fatalf("opened %+v", a)
		}
	})
}

func sealWith(t *testing.T, algorithm jose.KeyAlgorithm, encryption jose.ContentEncryption, key AccessKey) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(encryption, jose.Recipient{Algorithm: algorithm, Key: key.secret[:], KeyID: key.id}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypter.Encrypt([]byte(`{"app":"main"}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := sealed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
