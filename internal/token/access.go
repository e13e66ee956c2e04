package token

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// MaxBytes bounds a token as text.
const MaxBytes = 4096

// Skew is how far the clocks of whoever makes and whoever reads a token may differ.
const Skew = 30 * time.Second

var (
	accessAlgorithms  = []jose.KeyAlgorithm{jose.DIRECT}
	accessEncryptions = []jose.ContentEncryption{jose.A256GCM}
)

// AccessKeys are the keys of access tokens: the first seals, all open.
type AccessKeys []AccessKey

type accessClaims struct {
	App     string `json:"app"`
	User    string `json:"sub"`
	Name    string `json:"name"`
	Guest   bool   `json:"guest,omitempty"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}

// Seal makes an access token: a compact JWE (RFC 7516) of at most MaxBytes, times cut to seconds.
func (k AccessKeys) Seal(a Access) (string, error) {
	if len(k) == 0 {
		return "", fmt.Errorf("seal access token: no key")
	}
	claims := accessClaims{string(a.App), string(a.User), a.Name, a.Guest, a.Issued.Unix(), a.Expires.Unix()}
	if _, err := claims.read(); err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	plain, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	recipient := jose.Recipient{Algorithm: jose.DIRECT, Key: k[0].secret[:], KeyID: k[0].id}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, nil)
	if err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	sealed, err := encrypter.Encrypt(plain)
	if err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	text, err := sealed.CompactSerialize()
	if err == nil && len(text) > MaxBytes {
		err = fmt.Errorf("%d bytes are more than %d", len(text), MaxBytes)
	}
	if err != nil {
		return "", fmt.Errorf("seal access token: %w", err)
	}
	return text, nil
}

// Open reads an access token. Faults: unauthenticated where it is not ours, expired.
func (k AccessKeys) Open(text string, now time.Time) (Access, error) {
	if len(text) > MaxBytes {
		return Access{}, notOurs("access token", fmt.Errorf("%d bytes", len(text)))
	}
	sealed, err := jose.ParseEncryptedCompact(text, accessAlgorithms, accessEncryptions)
	if err != nil {
		return Access{}, notOurs("access token", err)
	}
	plain, err := k.decrypt(sealed)
	if err != nil {
		return Access{}, notOurs("access token", err)
	}
	var claims accessClaims
	if err := json.Unmarshal(plain, &claims); err != nil {
		return Access{}, notOurs("access token", err)
	}
	a, err := claims.read()
	if err != nil {
		return Access{}, notOurs("access token", err)
	}
	if err := inTime("access token", a.Issued, a.Expires, now); err != nil {
		return Access{}, err
	}
	return a, nil
}

func (k AccessKeys) decrypt(sealed *jose.JSONWebEncryption) ([]byte, error) {
	for _, key := range k {
		if key.id == sealed.Header.KeyID {
			return sealed.Decrypt(key.secret[:])
		}
	}
	return nil, fmt.Errorf("no key has the id %q", sealed.Header.KeyID)
}

func (c accessClaims) read() (Access, error) {
	app, err := id.ParseApp(c.App)
	if err != nil {
		return Access{}, err
	}
	user, err := id.ParseUser(c.User)
	if err != nil {
		return Access{}, err
	}
	issued, expires, err := readTimes(c.Issued, c.Expires)
	return Access{App: app, User: user, Name: c.Name, Guest: c.Guest, Issued: issued, Expires: expires}, err
}

// readTimes bounds Unix seconds so that no arithmetic on them overflows.
func readTimes(issued, expires int64) (time.Time, time.Time, error) {
	if issued < 0 || expires <= issued || expires > 1<<40 {
		return time.Time{}, time.Time{}, fmt.Errorf("iat %d and exp %d are not a span of time", issued, expires)
	}
	return time.Unix(issued, 0).UTC(), time.Unix(expires, 0).UTC(), nil
}

func inTime(what string, issued, expires, now time.Time) error {
	if !now.Before(expires.Add(Skew)) {
		return fault.New(fault.CodeExpired, "this %s has expired; get another", what)
	}
	if now.Before(issued.Add(-Skew)) {
		return notOurs(what, fmt.Errorf("issued at %v, now is %v", issued, now))
	}
	return nil
}

// notOurs keeps why inside: who forges tokens learns nothing.
func notOurs(what string, cause error) error {
	return fault.New(fault.CodeUnauthenticated, "this is not a valid %s", what).Because(cause)
}
