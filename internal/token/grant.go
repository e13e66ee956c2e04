package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// maxRegions bounds where a grant is good.
const maxRegions = 32

var grantAlgorithms = []jose.SignatureAlgorithm{jose.EdDSA}

// grantClaims are those of docs/protocol.md section 3.
type grantClaims struct {
	App     string   `json:"app"`
	Room    string   `json:"room"`
	Subject string   `json:"sub"`
	Right   string   `json:"right"`
	Regions []string `json:"regions,omitempty"`
	Issued  int64    `json:"iat"`
	Expires int64    `json:"exp"`
}

// Signer makes grants. It prints as its key's id.
type Signer struct {
	id  string
	key ed25519.PrivateKey
}

// NewSigner makes a random key.
func NewSigner() Signer {
	var seed [ed25519.SeedSize]byte
	rand.Read(seed[:]) // never fails (crypto/rand)
	return Signer{randomKeyID(), ed25519.NewKeyFromSeed(seed[:])}
}

// ParseSigner reads what Text wrote.
func ParseSigner(text string) (Signer, error) {
	id, seed, err := parseKey("signing key", text)
	if err != nil {
		return Signer{}, err
	}
	return Signer{id, ed25519.NewKeyFromSeed(seed[:])}, nil
}

// Text is the key for configuration. It is secret.
func (s Signer) Text() string { return keyText(s.id, [32]byte(s.key.Seed())) }

func (s Signer) String() string { return s.id }

// Public is the key that checks this signer's grants.
func (s Signer) Public() PublicKey {
	return PublicKey{s.id, [ed25519.PublicKeySize]byte(s.key.Public().(ed25519.PublicKey))}
}

// Sign makes a grant: a compact JWS (RFC 7515, RFC 8037) of at most MaxBytes, times cut to seconds.
func (s Signer) Sign(g Grant) (string, error) {
	if len(s.key) != ed25519.PrivateKeySize {
		return "", fmt.Errorf("sign grant: no key")
	}
	claims := grantClaims{
		string(g.App), string(g.Room), g.Subject, string(g.Right), g.Regions, g.Issued.Unix(), g.Expires.Unix(),
	}
	if _, err := claims.read(); err != nil {
		return "", fmt.Errorf("sign grant: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign grant: %w", err)
	}
	key := jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return "", fmt.Errorf("sign grant: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign grant: %w", err)
	}
	text, err := signed.CompactSerialize()
	if err == nil && len(text) > MaxBytes {
		err = fmt.Errorf("%d bytes are more than %d", len(text), MaxBytes)
	}
	if err != nil {
		return "", fmt.Errorf("sign grant: %w", err)
	}
	return text, nil
}

func (c grantClaims) read() (Grant, error) {
	app, err := id.ParseApp(c.App)
	if err != nil {
		return Grant{}, err
	}
	room, err := id.ParseRoom(c.Room)
	if err != nil {
		return Grant{}, err
	}
	if _, err := id.ParseUser(c.Subject); err != nil && c.Subject != Open {
		return Grant{}, fault.Invalid("sub", "a user or "+Open)
	}
	right := Right(c.Right)
	if right != RightListen && right != RightOgg && right != RightSpeak {
		return Grant{}, fault.Invalid("right", "a known right")
	}
	if len(c.Regions) > maxRegions {
		return Grant{}, fault.Invalid("regions", fmt.Sprintf("at most %d", maxRegions))
	}
	for _, region := range c.Regions {
		if !isLabel(region) {
			return Grant{}, fault.Invalid("regions", "1 to 32 of a-z, 0-9 and - each")
		}
	}
	issued, expires, err := readTimes(c.Issued, c.Expires)
	return Grant{
		App: app, Room: room, Subject: c.Subject, Right: right, Regions: c.Regions, Issued: issued, Expires: expires,
	}, err
}
