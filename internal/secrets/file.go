package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"rostrum/internal/token"
)

// maxFile bounds a file; three pairs of keys take half a KiB.
const maxFile = 64 << 10

// document is a file of secrets: JSON, readable by its owner alone. Keys are texts of package token.
type document struct {
	pair
	// Next are used after the next rotation, and believed already, so that it does not matter who rotates first.
	Next *pair `json:"next,omitempty"`
	// Previous are believed for as long as what they made is good.
	Previous *pair     `json:"previous,omitempty"`
	Rotated  time.Time `json:"rotated,omitzero"`
	Cursor   string    `json:"cursor"`
	// Enrolment lets edges in. It is absent in files of an embedded store: its edges are in the same process.
	Enrolment string `json:"enrolment,omitempty"`
}

// pair are the keys that rotate together.
type pair struct {
	Access string `json:"access"`
	Signer string `json:"signer"`
}

func newPair() pair { return pair{token.NewAccessKey().Text(), token.NewSigner().Text()} }

func (p pair) parse() (token.AccessKey, token.Signer, error) {
	access, accessErr := token.ParseAccessKey(p.Access)
	signer, signerErr := token.ParseSigner(p.Signer)
	return access, signer, errors.Join(accessErr, signerErr)
}

// pairs are all that there are, the one in use first.
func (d document) pairs() []pair {
	all := []pair{d.pair}
	for _, p := range []*pair{d.Next, d.Previous} {
		if p != nil {
			all = append(all, *p)
		}
	}
	return all
}

// read answers what is in a file, checked.
func read(path string) (document, *set, error) {
	file, err := os.Open(path)
	if err != nil {
		return document{}, nil, fmt.Errorf("read keys: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	if err != nil {
		return document{}, nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return document{}, nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	s, err := d.set()
	if err != nil {
		return document{}, nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	return d, s, nil
}

// Make writes new secrets, with the token that lets edges in ("": every edge may), into a file that is not there yet; of one that
// is the error is fs.ErrExist.
func Make(path, enrolment string) error {
	cursor, next := make([]byte, 32), newPair()
	rand.Read(cursor) // never fails (crypto/rand)
	d := document{pair: newPair(), Next: &next, Cursor: base64.RawURLEncoding.EncodeToString(cursor), Enrolment: enrolment}
	text, err := d.text()
	if err != nil {
		return err
	}
	written, err := beside(path, text)
	if err != nil {
		return err
	}
	defer os.Remove(written)
	if err := os.Link(written, path); err != nil { // whole, and never over others
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

func (d document) text() ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return text, nil
}
