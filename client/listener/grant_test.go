package listener

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/mediaedge/audio"
)

func TestGrantsAreRenewedAtHalfTheirLife(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for range 100 {
		after := renewAfter(now, now.Add(12*time.Hour)).Sub(now)
		if after < 324*time.Minute || after > 396*time.Minute {
			t.Errorf("renewed after %v", after)
		}
		if after := renewAfter(now, now.Add(-time.Hour)).Sub(now); after < 4*time.Second || after > 6*time.Second {
			t.Errorf("one that is over is renewed after %v", after)
		}
	}
	if !renewAfter(now, time.Time{}).IsZero() {
		t.Error("a grant without an end is renewed")
	}
}

// A renewed grant is for the next connection: this one goes on.
func TestARenewedGrantIsForTheNextConnection(t *testing.T) {
	b := func(number audio.Number) []byte { return wireBatch(encoded(t, number, 5)) }
	first := newEdge(t, connection{messages: [][]byte{hello(t, 10), b(10), b(11), b(12)}})
	second := newEdge(t, connection{messages: [][]byte{hello(t, 13), b(13)}})
	var calls atomic.Int32
	l, err := open(t, func(c *Config) {
		c.GrantExpiresAt = time.Now().Add(time.Hour)
		c.Renew = func(context.Context) (Grant, error) {
			if calls.Add(1) == 1 {
				return Grant{}, errors.New("not now")
			}
			return Grant{Token: "another", URLs: []string{second.url}, ExpiresAt: time.Now().Add(time.Hour)}, nil
		}
	}, first)
	if err != nil {
		t.Fatal(err)
	}
	due := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.renewAt.After(time.Now()) {
			t.Error("it is to be renewed at once")
		}
		l.renewAt = time.Now()
	}
	for number, wanted := range []string{"hello", "10", "11", "12"} {
		if number == 1 || number == 2 {
			due()
		}
		expect(t, l, wanted)
		l.running.Wait()
	}
	if calls.Load() != 2 || l.grant != "another" || l.Stats().Connections != 1 {
		t.Errorf("%d renewals, %q, %+v", calls.Load(), l.grant, l.Stats())
	}
	l.Cut()
	expect(t, l, "hello", "13")
}
