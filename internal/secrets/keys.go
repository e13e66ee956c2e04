// Package secrets owns what control roles share in a file: the keys that seal access tokens and sign grants, the one of list
// cursors, and what lets edges in. Keys are rotated in it while the roles run.
package secrets

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/internal/token"
)

// lookEvery is how often a file is looked at.
const lookEvery = 2 * time.Second

// sayAgain is how often it is said that a file cannot be read: keys that stay too long are believed nowhere one day.
const sayAgain = time.Hour

// Keys are those of a file, as it is now. They may be used by many goroutines.
type Keys struct {
	path string
	log  *slog.Logger
	seen os.FileInfo // the file as it was last read; owned by follow

	now  atomic.Pointer[set]
	stop chan struct{}
	work sync.WaitGroup
}

// set are the keys of one version of a file.
type set struct {
	access    token.AccessKeys
	signer    token.Signer
	public    []token.PublicKey
	verifier  *token.Verifier
	cursor    []byte
	enrolment string
	replaced  chan struct{} // closed when another set has taken its place
}

func (d document) set() (*set, error) {
	s := &set{enrolment: d.Enrolment, replaced: make(chan struct{})}
	for i, p := range d.pairs() {
		access, signer, err := p.parse()
		if err != nil {
			return nil, err
		}
		if i == 0 {
			s.signer = signer
		}
		if slices.ContainsFunc(s.public, func(k token.PublicKey) bool { return k.ID == signer.Public().ID }) {
			return nil, fmt.Errorf("signer: two keys have the id %s", signer)
		}
		s.access, s.public = append(s.access, access), append(s.public, signer.Public())
	}
	cursor, err := base64.RawURLEncoding.DecodeString(d.Cursor)
	if err != nil || len(cursor) < 16 {
		return nil, fmt.Errorf("cursor: wants 16 bytes or more in base64url")
	}
	s.cursor, s.verifier = cursor, token.NewVerifier(s.public...)
	return s, nil
}

// Open reads a file and follows it until Close.
func Open(path string, log *slog.Logger) (*Keys, error) {
	k, err := load(path, log)
	if err != nil {
		return nil, err
	}
	k.work.Go(k.follow)
	return k, nil
}

// load reads a file.
func load(path string, log *slog.Logger) (*Keys, error) {
	k := &Keys{path: path, log: log, stop: make(chan struct{})}
	seen, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	_, first, err := read(path)
	if err != nil {
		return nil, err
	}
	k.seen = seen
	k.now.Store(first)
	return k, nil
}

// Close ends the following and waits. The keys go on.
func (k *Keys) Close() {
	close(k.stop)
	k.work.Wait()
}

// Seal makes an access token with the key in use.
func (k *Keys) Seal(a token.Access) (string, error) { return k.now.Load().access.Seal(a) }

// Open reads an access token that any of the keys made. Faults: unauthenticated, expired.
func (k *Keys) Open(text string, now time.Time) (token.Access, error) {
	return k.now.Load().access.Open(text, now)
}

// Sign makes a grant with the key in use.
func (k *Keys) Sign(g token.Grant) (string, error) { return k.now.Load().signer.Sign(g) }

// Verify reads a grant that any of the keys made. Faults: unauthenticated, expired.
func (k *Keys) Verify(text string, now time.Time) (token.Grant, error) {
	return k.now.Load().verifier.Verify(text, now)
}

// Public are the keys that check grants, the one in use first; replaced is closed when there are others.
func (k *Keys) Public() (keys []token.PublicKey, replaced <-chan struct{}) {
	s := k.now.Load()
	return s.public, s.replaced
}

// Cursor is the key of list cursors.
func (k *Keys) Cursor() []byte { return k.now.Load().cursor }

// Enrolment is the token that lets edges in; "": every edge may.
func (k *Keys) Enrolment() string { return k.now.Load().enrolment }

// follow takes up what the file becomes. A file that is away or makes no sense changes nothing.
func (k *Keys) follow() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	said, saidAt := "", time.Time{}
	for {
		select {
		case <-ticker.C:
		case <-k.stop:
			return
		}
		if err := k.look(); err == nil {
			said = ""
		} else if err.Error() != said || time.Since(saidAt) > sayAgain {
			said, saidAt = err.Error(), time.Now()
			k.log.Warn("the file of keys cannot be read; those that were read stay", "error", err)
		}
	}
}

func (k *Keys) look() error {
	now, err := os.Stat(k.path)
	if err != nil {
		return err
	}
	if os.SameFile(now, k.seen) && now.ModTime().Equal(k.seen.ModTime()) && now.Size() == k.seen.Size() {
		return nil
	}
	_, fresh, err := read(k.path)
	if err != nil {
		return err
	}
	k.seen = now
	was := k.now.Swap(fresh)
	close(was.replaced)
	k.log.Info("the keys were replaced", "signer", fresh.signer, "believed", len(fresh.public))
	return nil
}
