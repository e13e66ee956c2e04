package listener

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	renewWithin = 10 * time.Second
	// leastRenewal is the shortest time between two tries to renew a grant.
	leastRenewal = 5 * time.Second
)

// Grant is a right to listen, and where.
type Grant struct {
	Token     string
	URLs      []string  // the edges', best first; empty: those of before
	ExpiresAt time.Time // zero: not known; it is renewed when it is refused
}

// renewAfter answers when to renew a grant that ends at a time: at half its life, a tenth earlier or later, so that those who
// came together do not come back together.
func renewAfter(now, ends time.Time) time.Time {
	if ends.IsZero() {
		return time.Time{}
	}
	half := max(ends.Sub(now)/2, leastRenewal)
	return now.Add(half*9/10 + rand.N(half/5))
}

// renewWhenDue renews the grant where it is time to, beside the reading. It is for the next connection; this one goes on.
func (l *Listener) renewWhenDue(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.renewAt.IsZero() || now.Before(l.renewAt) || l.renewing || l.closed || l.cfg.Renew == nil {
		return
	}
	l.renewing = true
	l.running.Go(func() {
		err := l.renew(l.context)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.renewing = false
		if err != nil { // the old one is good for as long again
			l.renewAt = renewAfter(time.Now(), l.expires)
		}
	})
}

// renew takes another grant.
func (l *Listener) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewWithin)
	defer cancel()
	grant, err := l.cfg.Renew(ctx)
	if err != nil {
		return fmt.Errorf("renew the grant: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(grant)
	return nil
}

// take listens with a grant from the next connection on.
func (l *Listener) take(grant Grant) {
	l.grant, l.expires = grant.Token, grant.ExpiresAt
	l.renewAt = renewAfter(time.Now(), grant.ExpiresAt)
	if len(grant.URLs) > 0 {
		l.urls = grant.URLs
	}
}
