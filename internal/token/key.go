package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"rostrum/internal/fault"
)

// Keys stand in configuration as "<key id>.<base64url of 32 bytes>": the key itself, the seed, or the public key.

// AccessKey is a symmetric key of access tokens. It prints as its id.
type AccessKey struct {
	id     string
	secret [32]byte
}

// NewAccessKey makes a random key.
func NewAccessKey() AccessKey {
	k := AccessKey{id: randomKeyID()}
	rand.Read(k.secret[:]) // never fails (crypto/rand)
	return k
}

// ParseAccessKey reads what Text wrote.
func ParseAccessKey(text string) (AccessKey, error) {
	id, secret, err := parseKey("access key", text)
	return AccessKey{id, secret}, err
}

// Text is the key for configuration. It is secret.
func (k AccessKey) Text() string { return keyText(k.id, k.secret) }

func (k AccessKey) String() string { return k.id }

// PublicKey checks grants.
type PublicKey struct {
	ID      string
	Ed25519 [ed25519.PublicKeySize]byte
}

// NewPublicKey checks a key from outside.
func NewPublicKey(id string, raw []byte) (PublicKey, error) {
	if !isLabel(id) || len(raw) != ed25519.PublicKeySize {
		return PublicKey{}, fault.Invalid("public key", "an id of 1 to 32 of a-z, 0-9 and -, and 32 bytes")
	}
	return PublicKey{id, [ed25519.PublicKeySize]byte(raw)}, nil
}

// ParsePublicKey reads what Text wrote.
func ParsePublicKey(text string) (PublicKey, error) {
	id, raw, err := parseKey("public key", text)
	return PublicKey{id, raw}, err
}

// Text is the key for configuration.
func (k PublicKey) Text() string { return keyText(k.ID, k.Ed25519) }

func keyText(id string, raw [32]byte) string {
	return id + "." + base64.RawURLEncoding.EncodeToString(raw[:])
}

func parseKey(field, text string) (string, [32]byte, error) {
	id, encoded, found := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || !isLabel(id) || err != nil || len(raw) != 32 {
		return "", [32]byte{}, fault.Invalid(field, "an id of 1 to 32 of a-z, 0-9 and -, a dot, and 32 bytes in base64url")
	}
	return id, [32]byte(raw), nil
}

func randomKeyID() string {
	var raw [4]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	return hex.EncodeToString(raw[:])
}

func isLabel(text string) bool {
	if len(text) == 0 || len(text) > 32 {
		return false
	}
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
