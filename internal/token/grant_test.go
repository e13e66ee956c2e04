package token

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

func grant() Grant {
	return Grant{
		App: id.Main, Room: id.NewRoom(), Subject: string(id.NewUser()), Right: RightListen,
		Regions: []string{"eu-1"}, Issued: now, Expires: now.Add(ListenLifetime),
	}
}

func TestGrantSurvivesSigning(t *testing.T) {
	signer, want := NewSigner(), grant()
	verifier := NewVerifier(NewSigner().Public(), signer.Public())
	text, err := signer.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	want.Key = signer.id
	if got, err := verifier.Verify(text, now); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("verified %+v, %v", got, err)
	}
	known, changes := verifier.Knows(signer.id), verifier.Changes()
	verifier.SetKeys([]PublicKey{NewSigner().Public()})
	if !known || verifier.Knows(signer.id) || verifier.Changes() == changes {
		t.Errorf("the key was known: %v; once it is replaced: %v; changes %d, then %d", known, verifier.Knows(signer.id), changes, verifier.Changes())
	}
	if _, err := verifier.Verify(text, now); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("without the key: %v", err)
	}
	again, err := ParseSigner(signer.Text())
	if err != nil || again.Public() != signer.Public() {
		t.Errorf("the signer's text became %v, %v", again, err)
	}
	public, err := ParsePublicKey(signer.Public().Text())
	if err != nil || public != signer.Public() {
		t.Errorf("the public key's text became %v, %v", public, err)
	}
	wire, err := NewPublicKey(public.ID, public.Ed25519[:])
	if err != nil || wire != public {
		t.Errorf("the public key's bytes became %v, %v", wire, err)
	}
}

// The claims are a document: another implementation reads these names.
func TestGrantIsWhatTheProtocolSays(t *testing.T) {
	signer, g := NewSigner(), grant()
	text, err := signer.Sign(g)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	wantHeader := map[string]any{"alg": "EdDSA", "kid": signer.id}
	wantClaims := map[string]any{
		"app": "main", "room": string(g.Room), "sub": g.Subject, "right": "listen", "regions": []any{"eu-1"},
		"iat": float64(now.Unix()), "exp": float64(now.Add(ListenLifetime).Unix()),
	}
	if !reflect.DeepEqual(header, wantHeader) || !reflect.DeepEqual(claims, wantClaims) {
		t.Errorf("header %v, claims %v", header, claims)
	}
}

func TestGrantEndsWithItsTime(t *testing.T) {
	signer := NewSigner()
	text, err := signer.Sign(grant())
	if err != nil {
		t.Fatal(err)
	}
	verifier := NewVerifier(signer.Public())
	if _, err := verifier.Verify(text, now.Add(ListenLifetime+Skew-time.Second)); err != nil {
		t.Error(err)
	}
	if _, err := verifier.Verify(text, now.Add(ListenLifetime+Skew)); !fault.Is(err, fault.CodeExpired) {
		t.Error(err)
	}
	if _, err := verifier.Verify(text, now.Add(-Skew-time.Second)); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Error(err)
	}
}

func TestForgedGrantsAreRefused(t *testing.T) {
	signer := NewSigner()
	verifier := NewVerifier(signer.Public())
	good, err := signer.Sign(grant())
	if err != nil {
		t.Fatal(err)
	}
	public := signer.Public()
	payload := `{"app":"main","room":"` + string(id.NewRoom()) + `","sub":"open","right":"listen","iat":1,"exp":9999999999}`
	forgeries := map[string]string{
		"empty": "", "dots": "..", "huge": strings.Repeat("a", MaxBytes+1),
		"none":        base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+signer.id+`"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".",
		"HMAC":        signWith(t, jose.HS256, public.Ed25519[:], signer.id, payload),
		"another key": signWith(t, jose.EdDSA, NewSigner().key, signer.id, payload),
		"no key id":   signWith(t, jose.EdDSA, signer.key, "", payload),
		"own payload": good[:strings.IndexByte(good, '.')+1] + base64.RawURLEncoding.EncodeToString([]byte(payload)) + good[strings.LastIndexByte(good, '.'):],
	}
	for name, change := range map[string][2]string{
		"no room":       {`"room":"rm_`, `"room":"`},
		"strange sub":   {`"open"`, `"root"`},
		"unknown right": {`"listen"`, `"everything"`},
		"no end":        {`9999999999`, `0`},
		"far end":       {`9999999999`, `9223372036854775807`},
		"bad region":    {`"iat"`, `"regions":["A B"],"iat"`},
	} {
		forgeries[name] = signWith(t, jose.EdDSA, signer.key, signer.id, strings.Replace(payload, change[0], change[1], 1))
	}
	for name, text := range forgeries {
		if _, err := verifier.Verify(text, now); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := verifier.Verify(signWith(t, jose.EdDSA, signer.key, signer.id, payload), now); err != nil {
		t.Errorf("the unforged one: %v", err)
	}
}

// An edge that has just begun must not have its listeners stop, who come from another with a good grant.
func TestAGrantMayBeGoodWhereNoKeyIsKnownYet(t *testing.T) {
	signer, verifier := NewSigner(), NewVerifier()
	text, err := signer.Sign(grant())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Verifier{verifier, {}} {
		if _, err := v.Verify(text, now); !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("without keys: %v", err)
		}
		if _, err := v.Verify("no grant", now); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("without keys, what is no grant: %v", err)
		}
	}
	verifier.SetKeys([]PublicKey{signer.Public()})
	if _, err := verifier.Verify(text, now); err != nil {
		t.Errorf("once there are keys: %v", err)
	}
}

func TestWhatNobodyCouldVerifyIsNotSigned(t *testing.T) {
	if _, err := (Signer{}).Sign(grant()); err == nil {
		t.Error("signed without a key")
	}
	for name, change := range map[string]func(*Grant){
		"room":    func(g *Grant) { g.Room = "lounge" },
		"right":   func(g *Grant) { g.Right = "" },
		"regions": func(g *Grant) { g.Regions = make([]string, maxRegions+1) },
	} {
		g := grant()
		change(&g)
		if _, err := NewSigner().Sign(g); err == nil {
			t.Errorf("signed with a bad %s", name)
		}
	}
}

func TestStrangeKeysAreRefused(t *testing.T) {
	text := NewSigner().Text()
	for _, text := range []string{"", ".", "a.", text + "A", text[:len(text)-1], "A B" + text, strings.Replace(text, ".", ":", 1)} {
		if _, err := ParseSigner(text); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := NewPublicKey("k", make([]byte, 31)); !fault.Is(err, fault.CodeInvalid) {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	signer := Signer{"k", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	verifier := NewVerifier(signer.Public())
	text, err := signer.Sign(grant())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("..")
	f.Add(text + ".")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := verifier.Verify(text, now)
		if err != nil && !fault.Is(err, fault.CodeUnauthenticated) && !fault.Is(err, fault.CodeExpired) {
			t.Fatalf("undocumented: %v", err)
		}
		if err == nil && (g.Room == "" || g.Right == "") {
			t.Fatalf("verified %+v", g)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	signer := NewSigner()
	verifier := NewVerifier(signer.Public())
	text, err := signer.Sign(grant())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Verify(text, now); err != nil {
			b.Fatal(err)
		}
	}
}

func signWith(t *testing.T, algorithm jose.SignatureAlgorithm, key any, keyID, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
