package api

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	maxTries    = 4
	firstPause  = 100 * time.Millisecond
	longestWait = 5 * time.Second // a gateway that wants more is told to the caller

	fullBudget = 10.0
	perSuccess = 0.1
)

// budget is what all calls of a client may spend on repeats: one each, of at most ten, a tenth earned back by every
// call that succeeds. A gateway in trouble is then not called more often than one that is well.
type budget struct {
	mu   sync.Mutex
	left float64
}

func newBudget() *budget { return &budget{left: fullBudget} }

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(fullBudget, b.left+perSuccess)
}

// repeat tries until it succeeds, fails for good, or a bound is met; the last error is answered.
func (b *budget) repeat(ctx context.Context, try func() error) error {
	pause := firstPause
	for tries := 1; ; tries++ {
		err := try()
		if err == nil {
			b.earn()
			return nil
		}
		wait, passing := passes(err)
		if !passing || wait > longestWait || tries == maxTries || ctx.Err() != nil || !b.spend() {
			return err
		}
		timer := time.NewTimer(wait + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause *= 2
	}
}

// passes answers whether an error may pass by itself, and how long the gateway wants to be left alone.
func passes(err error) (time.Duration, bool) {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.RetryAfter, refused.Code == "unavailable"
	}
	var lost unreached
	return 0, errors.As(err, &lost)
}

// MayPass answers whether a call that failed so may succeed later, unchanged.
func MayPass(err error) bool {
	switch CodeOf(err) {
	case "unavailable", "timeout", "rate_limited", "internal":
		return true
	}
	var lost unreached
	return errors.As(err, &lost)
}
