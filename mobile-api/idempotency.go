package mobileapi

import (
	"crypto/sha256"
	"encoding/hex"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// idempotencyKey is the caller's name for what is intended, or "".
func idempotencyKey(r *request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	if _, err := id.ParseCommand(values[0]); err != nil || len(values) > 1 {
		return "", fault.Invalid("Idempotency-Key", "1 to 64 printable ASCII characters")
	}
	return values[0], nil
}

// commandID names a command on a stage. Keys are each caller's own, so the name is made of both.
func commandID(r *request) (id.Command, error) {
	key, err := idempotencyKey(r)
	if err != nil {
		return "", err
	}
	if key == "" {
		return id.NewCommand(), nil
	}
	sum := sha256.Sum256([]byte(string(r.who.user) + "\x00" + key))
	return id.Command("ik_" + hex.EncodeToString(sum[:20])), nil
}
