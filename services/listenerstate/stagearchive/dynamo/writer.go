package dynamo

import (
	"context"
	"math/rand/v2"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

const (
	firstPause = 50 * time.Millisecond // after a failure; doubles
	mostPause  = 5 * time.Second
)

// run writes what comes into a line until nothing waits in it.
func (a *Archive) run(l *line) {
	for {
		since, urgent, ok := a.lines.next(l)
		if !ok {
			return
		}
		if !urgent {
			a.gather(l, since.Add(a.every))
		}
		a.writeOut(l)
	}
}

// gather waits for others to come into a line.
func (a *Archive) gather(l *line, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.bell:
	case <-a.closing:
	}
}

// writeOut settles everything that waits in a line now, however long the store takes.
func (a *Archive) writeOut(l *line) {
	until, tries := a.lines.until(l), 0
	for {
		wishes := a.lines.waiting(l, until)
		if len(wishes) == 0 {
			return
		}
		err := a.turn(l, wishes)
		switch {
		case err == nil:
			tries = 0
		case a.ctx.Err() != nil:
			a.abandon(l)
			return
		case !fault.Is(err, fault.CodeUnavailable):
			a.log.Error("the stage archive refuses what it was given", "app", l.key.App, "room", l.key.Room, "error", err)
			a.refuse(l, err)
		default:
			a.troubled(err)
			a.pause(tries)
			tries++
		}
	}
}

// turn takes one step of a line's writing, when a writer is free.
func (a *Archive) turn(l *line, wishes []*wish) error {
	select {
	case a.writers <- struct{}{}:
	case <-a.ctx.Done():
		return a.ctx.Err()
	}
	defer func() { <-a.writers }()
	err := a.step(a.ctx, l, wishes)
	if err == nil && a.trouble.CompareAndSwap(true, false) {
		a.log.Info("the stage archive is written again")
	}
	return err
}

// pause waits by chance, longer with every try.
func (a *Archive) pause(tries int) {
	timer := time.NewTimer(rand.N(min(firstPause<<min(tries, 16), mostPause)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-a.ctx.Done():
	}
}

func (a *Archive) troubled(err error) {
	a.metrics.retries.Inc()
	if a.trouble.CompareAndSwap(false, true) {
		a.log.Warn("the stage archive cannot be written; what comes waits", "error", err)
	}
}

// refuse settles the first wish of a line with why it is not done.
func (a *Archive) refuse(l *line, err error) {
	a.metrics.refused(err)
	a.lines.settle(l, err)
}

// abandon settles everything in a line, when the archive is closed.
func (a *Archive) abandon(l *line) {
	for range a.lines.waiting(l, a.lines.until(l)) {
		a.refuse(l, chain.ErrClosed)
	}
}

// step does one thing for the first wish of a line: it settles it, or it brings it nearer to that. Its error says that
// the same is to be done again; nothing is lost by that.
func (a *Archive) step(ctx context.Context, l *line, wishes []*wish) error {
	w := wishes[0]
	switch {
	case w.claim != nil && w.claim.ctx.Err() != nil:
		a.lines.settle(l, w.claim.ctx.Err())
		return nil
	case w.claim == nil && len(w.records) == 0:
		return a.finish(ctx, l, wishes)
	case !l.known:
		return a.look(ctx, l)
	case w.claim != nil:
		return a.claim(ctx, l, w)
	case w.records[0].Offset <= l.end.Offset:
		return a.skip(ctx, l, w)
	case w.continues(l.end):
		return a.follow(ctx, l, wishes)
	case l.checked != w: // another instance may have written what is missing between
		l.checked = w
		return a.look(ctx, l)
	}
	a.refuse(l, chain.ErrDiverged)
	return nil
}

// look reads the end of a log.
func (a *Archive) look(ctx context.Context, l *line) error {
	newest, err := a.table.newest(ctx, l.key)
	if err != nil {
		return err
	}
	l.end, l.known = newest, true
	return nil
}

// claim writes the claim of a term behind the end of a log.
func (a *Archive) claim(ctx context.Context, l *line, w *wish) error {
	if l.end.Offset == 0 {
		if l.checked == w {
			a.lines.settle(l, nil) // nothing is archived: the zero head
			return nil
		}
		l.checked = w
		return a.look(ctx, l)
	}
	next := link{behind: l.end.Position, claimed: l.end, token: w.claim.token}
	next.claimed.Term++
	stands, err := a.table.put(ctx, l.key, next)
	if err != nil {
		return err
	}
	if stands.token != next.token {
		return a.look(ctx, l)
	}
	l.end, w.claim.head = next.claimed, next.claimed
	a.lines.settle(l, nil)
	return nil
}

// skip passes the records that the archive has.
func (a *Archive) skip(ctx context.Context, l *line, w *wish) error {
	n := int(min(uint64(len(w.records)), l.end.Offset-w.records[0].Offset+1))
	held, err := a.table.read(ctx, l.key, w.records[0].Offset, n)
	if err != nil {
		return err
	}
	for i := range n {
		if i >= len(held) || !same(held[i], w.records[i]) {
			a.refuse(l, chain.ErrDiverged)
			return nil
		}
	}
	w.pass(n)
	return nil
}

// follow writes as much as one link can hold behind the end of a log.
func (a *Archive) follow(ctx context.Context, l *line, wishes []*wish) error {
	start := time.Now()
	next := link{behind: l.end.Position, records: cut(l.end, wishes, itemMost)}
	stands, err := a.table.put(ctx, l.key, next)
	if err != nil {
		return err
	}
	if !stands.equal(next) {
		return a.look(ctx, l)
	}
	a.metrics.wrote(next, pass(wishes, len(next.records)), time.Since(start))
	l.end = next.head()
	return nil
}
