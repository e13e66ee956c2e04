package intent

import (
	"crypto/sha256"
	"encoding/hex"

	"rostrum/internal/id"
)

// CommandID names the command that a person means by a key. Keys are each person's own, so the name is made of both; the
// empty key is a new intent each time. Fault: invalid.
func CommandID(user id.User, key string) (id.Command, error) {
	if key == "" {
		return id.NewCommand(), nil
	}
	if _, err := id.ParseCommand(key); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(string(user) + "\x00" + key))
	return id.Command("ik_" + hex.EncodeToString(sum[:20])), nil
}
