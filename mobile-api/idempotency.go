package mobileapi

import (
	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
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

// commandID names the command that the caller means by the key of a call.
func commandID(r *request) (id.Command, error) {
	key, err := idempotencyKey(r)
	if err != nil {
		return "", err
	}
	return intent.CommandID(r.who.user, key)
}
