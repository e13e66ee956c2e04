package token

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rostrum/internal/fault"
)

// Verifier checks grants. The zero value knows no key. Safe for concurrent use.
type Verifier struct {
	keys    atomic.Pointer[map[string]PublicKey]
	changes atomic.Uint64
}

// NewVerifier makes a verifier of grants under these keys.
func NewVerifier(keys ...PublicKey) *Verifier {
	v := &Verifier{}
	v.SetKeys(keys)
	return v
}

// SetKeys replaces all keys at once.
func (v *Verifier) SetKeys(keys []PublicKey) {
	byID := make(map[string]PublicKey, len(keys))
	for _, key := range keys {
		byID[key.ID] = key
	}
	v.keys.Store(&byID)
	v.changes.Add(1)
}

// Knows says whether grants of a key are believed.
func (v *Verifier) Knows(key string) bool {
	keys := v.keys.Load()
	if keys == nil {
		return false
	}
	_, known := (*keys)[key]
	return known
}

// Changes counts how often the keys were replaced: while it stays the same, so do the answers of Knows.
func (v *Verifier) Changes() uint64 { return v.changes.Load() }

// Verify reads a grant. Faults: unauthenticated where no known key signed it, expired; unavailable where none is known yet, as
// at an edge that has just begun: the grant may be good. Whether its room, right and region fit, and whether it was revoked,
// is the caller's to check.
func (v *Verifier) Verify(text string, now time.Time) (Grant, error) {
	if len(text) > MaxBytes {
		return Grant{}, notOurs("grant", fmt.Errorf("%d bytes", len(text)))
	}
	signed, err := jose.ParseSignedCompact(text, grantAlgorithms)
	if err != nil {
		return Grant{}, notOurs("grant", err)
	}
	if keys := v.keys.Load(); keys == nil || len(*keys) == 0 {
		return Grant{}, fault.Unavailable(nil, "no keys of grants are known here yet; try elsewhere")
	}
	key, err := v.key(signed.Signatures[0].Header.KeyID)
	if err != nil {
		return Grant{}, notOurs("grant", err)
	}
	payload, err := signed.Verify(ed25519.PublicKey(key.Ed25519[:]))
	if err != nil {
		return Grant{}, notOurs("grant", err)
	}
	var claims grantClaims
	if err := json.Unmarshal(payload, &claims); err != nil {
		return Grant{}, notOurs("grant", err)
	}
	g, err := claims.read()
	if err != nil {
		return Grant{}, notOurs("grant", err)
	}
	if err := inTime("grant", g.Issued, g.Expires, now); err != nil {
		return Grant{}, err
	}
	g.Key = key.ID
	return g, nil
}

func (v *Verifier) key(id string) (PublicKey, error) {
	if keys := v.keys.Load(); keys != nil && id != "" {
		if key, ok := (*keys)[id]; ok {
			return key, nil
		}
	}
	return PublicKey{}, fmt.Errorf("no key has the id %q", id)
}
