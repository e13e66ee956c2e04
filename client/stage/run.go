package stage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"rostrum/client/api"
)

const (
	firstWait = 50 * time.Millisecond
	longWait  = 5 * time.Second
	// limitedWait is how long a follower that was too fast keeps away.
	limitedWait = 2 * time.Second
	// maxRefusals is how many tokens in a row are tried.
	maxRefusals = 3
)

// session is what the goroutine of a follower remembers from one connection to the next.
type session struct {
	wait     time.Duration
	token    string // of this connection
	refused  string // not to be tried again
	refusals int
	fresh    bool // the next connection asks for a snapshot
}

// run connects and reads until that makes no sense any more.
func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	defer f.cancel()
	for {
		err := f.connection(ctx)
		f.drop(err)
		if err := f.recover(ctx, err); err != nil {
			f.finish(err)
			return
		}
	}
}

// drop forgets the connection.
func (f *Follower) drop(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		f.conn.Close()
	}
	f.conn, f.last = nil, err
	var broken *corrupt
	if errors.As(err, &broken) {
		f.stats.Corrupt++
	}
}

func (f *Follower) finish(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// recover answers nil when it makes sense to connect again, after a wait.
func (f *Follower) recover(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return net.ErrClosed
	}
	pause := f.wait/2 + rand.N(f.wait)
	f.wait = min(2*f.wait, longWait)
	var told *CloseError
	var broken *corrupt
	var never *refusal
	switch {
	case errors.As(err, &never):
		return never.error
	case errors.As(err, &broken):
		f.fresh = true
	case errors.As(err, &told) && told.Final():
		return told
	case errors.As(err, &told) && told.Code == closeUnauthenticated:
		f.refused = f.token
		if f.refusals++; f.refusals == maxRefusals {
			return told
		}
	case errors.As(err, &told) && told.Code == closeFromAhead:
		f.fresh = true
	case errors.As(err, &told) && told.Code == closeRateLimited:
		pause += limitedWait
	}
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return net.ErrClosed
	}
}

// refusal is an error that ends the follower.
type refusal struct{ error }

// accessToken asks for the token of the next connection. Who answers that there is none ends the follower, but for
// errors of a gateway that may pass.
func (f *Follower) accessToken(ctx context.Context) (string, error) {
	token, err := f.cfg.Token(ctx, f.refused)
	if err == nil {
		return token, nil
	}
	err = fmt.Errorf("get an access token: %w", err)
	if api.MayPass(err) || ctx.Err() != nil {
		return "", err
	}
	return "", &refusal{err}
}
