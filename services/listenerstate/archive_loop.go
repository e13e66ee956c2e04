package listenerstate

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"rostrum/services/listenerstate/chain"
)

const (
	underwayMost  = 256 // appends of one room on their way to the archive
	archiveLonger = 5 * time.Second
)

// flusher is an archive that gathers appends for a while, and can be hurried.
type flusher interface {
	Flush(ctx context.Context, key chain.Key) error
}

// owe puts records into a room's backlog and has them brought to the archive.
func (s *Service) owe(k *keeper, records []chain.Record, own bool, snapshot []byte) {
	if !k.backlog.add(records, own, time.Now(), snapshot) {
		return
	}
	s.rooms.hold(k)
	archive := func() {
		defer s.rooms.done(k)
		(&archiver{s: s, k: k}).run()
	}
	if !s.startIn(&s.archiving, archive) { // what is appended while the service closes is archived by who loads the room next
		k.backlog.leave()
		s.rooms.done(k)
	}
}

// archiver brings the backlog of one room to the archive, in order, until there is none.
type archiver struct {
	s        *Service
	k        *keeper
	underway []shipment
	failures int
}

func (a *archiver) run() {
	for {
		var next work
		if len(a.underway) < underwayMost {
			next = a.k.backlog.next(pageSize)
		}
		switch {
		case len(next.shipment.records) > 0:
			a.send(next.shipment)
			continue
		case next.done && len(a.underway) == 0:
			return
		case !next.foreign.IsZero() && len(a.underway) == 0 && a.leaving(): // whose they are has them too
			a.k.backlog.leave()
			return
		}
		if !a.wait(next) {
			a.k.backlog.leave()
			return
		}
	}
}

func (a *archiver) send(next shipment) {
	next.write = a.s.archive.Append(a.k.key, next.after, next.records, next.snapshot)
	a.underway = append(a.underway, next)
	if hurried, can := a.s.archive.(flusher); can && next.after.Offset == 0 {
		_ = hurried.Flush(a.s.patience, a.k.key) // a room is being opened; the write tells what came of it
	}
}

// wait waits until there may be something to do; false: the service gave up.
func (a *archiver) wait(w work) bool {
	var oldest, stopping <-chan struct{}
	var othersTime <-chan time.Time
	if len(a.underway) > 0 {
		oldest = a.underway[0].write.Done()
	} else {
		stopping = a.s.stopping
	}
	if !w.foreign.IsZero() && !a.leaving() {
		timer := time.NewTimer(time.Until(w.foreign))
		defer timer.Stop()
		othersTime = timer.C
	}
	select {
	case <-oldest:
		return a.finish()
	case <-othersTime:
		a.takeOver()
	case <-stopping:
	case <-w.changed:
	case <-a.s.patience.Done():
		return false
	}
	return true
}

func (a *archiver) leaving() bool {
	select {
	case <-a.s.stopping:
		return true
	default:
		return false
	}
}

// takeOver makes what others appended this instance's own, but what they have archived.
func (a *archiver) takeOver() {
	ctx, cancel := context.WithTimeout(a.s.patience, callTimeout)
	defer cancel()
	_, life := a.k.which()
	if page, err := a.s.log.Head(ctx, a.k.key); err == nil && page.Tracked && page.Life == life {
		a.k.backlog.archived(page.ArchivedAt())
	}
	a.k.backlog.adopt()
}

// finish takes the result of the oldest append; false: the service gave up.
func (a *archiver) finish() bool {
	done := a.underway[0]
	if err := done.write.Err(); err != nil {
		return a.failed(err)
	}
	a.underway, a.failures = a.underway[1:], 0
	if _, _, since := a.k.backlog.size(); !since.IsZero() {
		a.s.metrics.archived.Observe(time.Since(since).Seconds())
	}
	_, life := a.k.which()
	if !a.k.backlog.shipped(done.records[len(done.records)-1].Head()) {
		return true // another log is here by now
	}
	ctx, cancel := context.WithTimeout(a.s.patience, callTimeout)
	defer cancel()
	// Where this fails, the log is cut later, and loaded with a longer way through the archive.
	_ = a.s.log.Archived(ctx, a.k.key, done.last(), life, done.snapshotAt, done.snapshot)
	return true
}

// failed waits for the others that are on their way, and a while; then everything is sent again.
func (a *archiver) failed(cause error) bool {
	term := a.underway[0].last().Term
	for _, other := range a.underway {
		if err := other.write.Wait(a.s.patience); a.s.patience.Err() != nil && err != nil {
			return false
		}
	}
	a.underway = nil
	a.failures++
	a.s.metrics.archiveFailures.Inc()
	if errors.Is(cause, chain.ErrDiverged) && a.k.backlog.term() == term {
		a.k.broken.Store(true) // the archive has another log: what is here is compared with it, and offered
		if _, err := a.s.current(a.s.patience, a.k); err == nil {
			a.k.backlog.resend()
			return true
		}
	}
	a.k.backlog.resend()
	longest := min(50*time.Millisecond<<min(a.failures, 10), archiveLonger)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.s.patience.Done():
		return false
	}
}
