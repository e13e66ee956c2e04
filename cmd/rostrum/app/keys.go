package app

import (
	"context"
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
	// enrolment lets edges in; "": every edge.
	enrolment string
}

// keyFile is how keys lie in the data folder. It holds secrets: mode 0600.
type keyFile struct {
	Access string `json:"access"`
	Signer string `json:"signer"`
	Cursor string `json:"cursor"`
	// Enrolment is absent in files of an embedded store: its edges are in the same process.
	Enrolment string `json:"enrolment,omitempty"`
}

// startKeys reads the process's keys. A process on embedded stores makes its own the first time, so that tokens outlive a
// restart.
func (a *App) startKeys(context.Context) (err error) {
	path := a.cfg.Keys.File
	if a.cfg.Embedded {
		path = filepath.Join(a.cfg.Folder, "keys.json")
		if err := MakeKeys(path, ""); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	a.keys, err = loadKeys(path)
	return err
}

func loadKeys(path string) (*keys, error) {
	text, err := os.ReadFile(path)
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
	return &keys{token.AccessKeys{access}, signer, cursor, file.Enrolment}, nil
}

// MakeKeys writes new secrets of the control roles, with the token that lets edges in ("": every edge may), into a file that
// is not there yet.
func MakeKeys(path, enrolment string) error {
	access, signer, cursor := token.NewAccessKey(), token.NewSigner(), make([]byte, 32)
	rand.Read(cursor) // never fails (crypto/rand)
	text, err := json.MarshalIndent(keyFile{access.Text(), signer.Text(), base64.RawURLEncoding.EncodeToString(cursor), enrolment}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	defer os.Remove(path + ".new")
	if err := os.Link(path+".new", path); err != nil { // whole, and never over others
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}
