package app

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rostrum/internal/token"
)

// keys are the secrets of a process that runs every role.
type keys struct {
	access token.AccessKeys
	signer token.Signer
	cursor []byte // signs list cursors
}

// keyFile is how keys lie in the data folder. It holds secrets: mode 0600.
type keyFile struct {
	Access string `json:"access"`
	Signer string `json:"signer"`
	Cursor string `json:"cursor"`
}

// loadKeys reads the keys of a data folder, or makes them the first time, so that tokens outlive a restart.
func loadKeys(folder string) (*keys, error) {
	path := filepath.Join(folder, "keys.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var file keyFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	access, accessErr := token.ParseAccessKey(file.Access)
	signer, signerErr := token.ParseSigner(file.Signer)
	cursor, cursorErr := base64.RawURLEncoding.DecodeString(file.Cursor)
	if err := errors.Join(accessErr, signerErr, cursorErr); err != nil {
		return nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	return &keys{token.AccessKeys{access}, signer, cursor}, nil
}

func makeKeys(path string) (*keys, error) {
	access, signer, cursor := token.NewAccessKey(), token.NewSigner(), make([]byte, 32)
	rand.Read(cursor) // never fails (crypto/rand)
	text, err := json.MarshalIndent(keyFile{access.Text(), signer.Text(), base64.RawURLEncoding.EncodeToString(cursor)}, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil { // whole or not at all
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return &keys{token.AccessKeys{access}, signer, cursor}, nil
}
