package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/internal/fault"
)

const (
	// refusedFor is how long a refusal is answered without asking upstream again.
	refusedFor = time.Second
	firstWait  = 50 * time.Millisecond
	longWait   = 2 * time.Second
	// maxItemBytes bounds what an upstream may send at once: a room card is the largest.
	maxItemBytes = 64 << 10
	// maxRefusedRun is after how many refused items without a good one an upstream is left: five seconds of them.
	maxRefusedRun = 25
)

// Why a stream to an upstream ended. The list is closed; it is a metric label.
var (
	errRoomEnded = errors.New("room_ended")
	errSilent    = errors.New("silent")
	errMoved     = errors.New("moved")
	errStale     = errors.New("stale_epoch")
	errGarbage   = errors.New("garbage")
	errProtocol  = errors.New("protocol")
)

// redirected says where an upstream sent us.
type redirected struct{ address string }

func (r redirected) Error() string { return "redirected" }

// lane pulls one rendition.
type lane struct {
	// static
	puller *Puller
	ring   *Ring
	stop   context.CancelFunc

	open  atomic.Bool // a stream is being served to us
	ready chan struct{}
	once  sync.Once

	mu        sync.Mutex
	err       error // why the lane gave up; set before ready closes
	refusedAt time.Time
}

// run keeps a stream open until the room ends, upstream refuses for good or ctx ends.
func (l *lane) run(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		moved, err := l.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		l.puller.cfg.Metrics.lost.WithLabelValues(lostReason(err)).Inc()
		l.puller.cfg.Homes.Forget(l.puller.room.app, l.puller.room.id)
		if l.final(err) {
			return
		}
		if moved {
			wait = firstWait
		}
		l.puller.cfg.Log.Warn("upstream lost", "room", l.puller.room.id, "rendition", l.ring.rendition, "error", err)
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
		}
		wait = min(2*wait, longWait)
	}
}

// follow looks the room up and pulls, over redirects. It answers whether the ring got anything, and what ended it.
func (l *lane) follow(ctx context.Context) (moved bool, err error) {
	lookup, cancel := context.WithTimeout(ctx, l.puller.cfg.OpenWithin)
	address, err := l.puller.cfg.Homes.Home(lookup, l.puller.room.app, l.puller.room.id)
	cancel()
	if err != nil {
		return false, fmt.Errorf("look up home: %w", err)
	}
	ctx, leave := context.WithCancelCause(ctx)
	var at atomic.Pointer[string]
	at.Store(&address)
	var watching sync.WaitGroup
	watching.Go(func() { l.leaveWhenMoved(ctx, leave, address, &at) })
	defer watching.Wait()
	defer leave(nil)
	before := l.ring.View().Newest()
	for hops := uint32(0); hops <= maxHops; hops++ {
		err = l.pull(ctx, *at.Load(), hops)
		var to redirected
		if !errors.As(err, &to) {
			break
		}
		at.Store(&to.address)
	}
	return l.ring.View().Newest() > before, err
}

// leaveWhenMoved ends a pull as soon as the room is known to be at another address than at, so that a node that says nothing
// is left when there is another. A pull that was redirected stays where it is when the same is learned here.
func (l *lane) leaveWhenMoved(ctx context.Context, leave context.CancelCauseFunc, known string, at *atomic.Pointer[string]) {
	homes, room := l.puller.cfg.Homes, l.puller.room
	for {
		select {
		case <-homes.Moved(room.app, room.id, known):
		case <-ctx.Done():
			return
		}
		home, err := homes.Home(ctx, room.app, room.id)
		if err != nil || home != *at.Load() {
			leave(errMoved)
			return
		}
		known = home
	}
}

// final takes note of an error after which asking again is pointless, and answers whether it is one.
func (l *lane) final(err error) bool {
	if errors.Is(err, errRoomEnded) || fault.Is(fault.From(err), fault.CodeEnded) {
		l.puller.room.End()
		l.give(fault.New(fault.CodeEnded, "the room is over"))
		return true
	}
	select {
	case <-l.ready: // it was live: whatever upstream says now may pass
		return false
	default:
	}
	switch f := fault.From(err); f.Code {
	case fault.CodeNotFound, fault.CodeNotLive, fault.CodeForbidden, fault.CodeInvalid:
		l.give(f)
		return true
	}
	return false
}

// give makes the lane ready, or says why it never will be.
func (l *lane) give(err error) {
	l.once.Do(func() {
		l.mu.Lock()
		l.err, l.refusedAt = err, time.Now()
		l.mu.Unlock()
		close(l.ready)
	})
}

func (l *lane) refused() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// retry answers whether the lane gave up long enough ago to be made anew.
func (l *lane) retry(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err != nil && !fault.Is(l.err, fault.CodeEnded) && now.Sub(l.refusedAt) > refusedFor
}

// because prefers the reason we cancelled for over the cancellation.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) || errors.Is(cause, errMoved) {
		return cause
	}
	return fault.From(err)
}

// lostReason is the metric label of what ended a pull.
func lostReason(err error) string {
	for _, known := range []error{errRoomEnded, errSilent, errMoved, errStale, errGarbage, errProtocol} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if errors.As(err, new(redirected)) {
		return "redirects"
	}
	return string(fault.From(err).Code)
}
