package listenerstate

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// The personal fields of events: what a person is called, and what a hand is raised for.
const (
	fieldName = "name"
	fieldNote = "note"
)

// Name is a personal text, such as what a person is called: plain on its way in, sealed from the log on. Plain is never stored.
type Name struct {
	Plain  string
	Sealed Sealed
}

// Sealed is a personal field that only its person's key opens. The zero value is a field that was empty.
type Sealed struct {
	User       id.User
	Command    id.Command // of the event that holds it; authenticated, like app, room and field
	Field      string
	Nonce      []byte
	Ciphertext []byte
}

func (s Sealed) empty() bool { return len(s.Ciphertext) == 0 }

// seal closes a text under a person's key (AES-256-GCM); destroying the key empties the field everywhere. The nonce is random: 96 bits suffice for the few fields that one person ever has.
func seal(key [32]byte, log chain.Key, s Sealed, text string) (Sealed, error) {
	box, err := newBox(key)
	if err != nil {
		return Sealed{}, err
	}
	s.Nonce = make([]byte, box.NonceSize())
	rand.Read(s.Nonce) // never fails (crypto/rand)
	s.Ciphertext = box.Seal(nil, s.Nonce, []byte(text), s.bound(log))
	return s, nil
}

// open answers the text of a sealed field. The error means that the key is not the one it was sealed under.
func open(key [32]byte, log chain.Key, s Sealed) (string, error) {
	box, err := newBox(key)
	if err != nil {
		return "", err
	}
	if len(s.Nonce) != box.NonceSize() {
		return "", fmt.Errorf("open %s of %s: the nonce has %d bytes", s.Field, s.User, len(s.Nonce))
	}
	text, err := box.Open(nil, s.Nonce, s.Ciphertext, s.bound(log))
	if err != nil {
		return "", fmt.Errorf("open %s of %s: %w", s.Field, s.User, err)
	}
	return string(text), nil
}

// bound is the additional data: a sealed field cannot be moved to another room, command or field.
func (s Sealed) bound(log chain.Key) []byte {
	return []byte(string(log.App) + "\x00" + string(log.Room) + "\x00" + string(s.Command) + "\x00" + s.Field)
}

func newBox(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make GCM: %w", err)
	}
	return box, nil
}
