package authority

import (
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"time"
)

// Files is a certificate that lies in two files and is read again when they were written anew, so that a process need not
// be restarted for it.
type Files struct {
	chain, key string

	mu   sync.Mutex
	held *tls.Certificate
	from time.Time // when the chain's file was written
}

// NewFiles reads a chain and its key for the first time.
func NewFiles(chainFile, keyFile string) (*Files, error) {
	f := &Files{chain: chainFile, key: keyFile}
	_, err := f.Certificate()
	return f, err
}

// Certificate is what lies there now; what was read before, where that cannot be read.
func (f *Files) Certificate() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state, err := os.Stat(f.chain)
	if err == nil && f.held != nil && state.ModTime().Equal(f.from) {
		return f.held, nil
	}
	read, readErr := Read(f.chain, f.key)
	if err = errors.Join(err, readErr); err == nil {
		f.held, f.from = read, state.ModTime()
	}
	if f.held != nil {
		return f.held, nil // the old one is good until it runs out
	}
	return nil, err
}
