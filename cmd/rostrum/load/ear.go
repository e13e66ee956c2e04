package load

import (
	"context"
	"errors"
	"time"

	"github.com/cespare/xxhash/v2"

	"rostrum/client/listener"
	"rostrum/cmd/rostrum/report"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	batchMS = 200
	// together is how soon after another a batch comes that is of the same delivery.
	together = batchMS / 2 * time.Millisecond
	// reopenAfter is how long a listener waits whose grant could not be renewed.
	reopenAfter = time.Second
)

// ear is one listener. Its own goroutine runs it; what the tally counts is guarded by the tally.
type ear struct {
	tally  *tally
	room   int
	config listener.Config
	finder *finder // nil: it does not decode

	// guarded by tally.mu
	listener    *listener.Listener // nil: none is open
	before      listener.Stats     // of those that were
	begun       time.Time
	connected   bool
	reconnected bool
	first, next uint64 // heard from first on, next is wanted; 0: nothing yet
	epoch       uint64 // highest taken
	cadence     uint64 // batches a delivery, as the edge says
	oldest      place  // of the delivery that comes in
	newest      place
	settled     bool // the first delivery is over
}

// place is a number, its epoch, and when it came in.
type place struct {
	number, epoch uint64
	at            time.Time
}

// run listens until ctx ends or the room sends the listener away for good.
func (e *ear) run(ctx context.Context) {
	e.config.Broken = e.tally.broken(e)
	for ctx.Err() == nil {
		err := e.listen(ctx)
		var told *listener.CloseError
		if errors.As(err, &told) && told.Final() {
			e.tally.end(e, told)
			return
		}
		select {
		case <-time.After(reopenAfter):
		case <-ctx.Done():
		}
	}
}

// listen opens a listener where the last one stopped and takes what it hears.
func (e *ear) listen(ctx context.Context) error {
	e.config.From = e.tally.open(e, time.Now())
	l, err := listener.Open(ctx, e.config)
	if err != nil {
		return err
	}
	e.tally.opened(e, l)
	defer e.tally.closed(e, l)
	for {
		item, err := l.Next(ctx)
		if err != nil {
			return err
		}
		e.tally.take(e, item)
		if e.finder != nil && item.Batch != nil {
			if tones := e.finder.hear(item.Batch); len(tones) > 0 {
				e.tally.found(e.room, tones)
			}
		}
	}
}

// take counts one thing that was heard. It trusts nobody: that numbers rise without holes is looked at once more.
func (e *ear) take(t *tally, item listener.Item) {
	switch {
	case item.Hello != nil:
		e.cadence = max(1, uint64(item.Hello.GetCadenceMs()/batchMS))
		if !e.connected {
			e.connected = true
			t.counts.Connected++
		}
	case item.Batch != nil:
		e.takeBatch(t, item.Batch)
	case item.Gap != nil:
		e.takeGap(t, item.Gap)
	case item.Lost != nil:
		if e.next != 0 {
			e.advance(t, item.Lost.First, item.Lost.Last)
			t.counts.Lost += item.Lost.Last - item.Lost.First + 1
		}
	}
}

func (e *ear) takeBatch(t *tally, b *listener.Batch) {
	number, epoch := b.GetNumber(), b.GetEpoch()
	if e.next == 0 {
		t.counts.Hearing++
		t.joins.Add(b.Received.Sub(e.begun))
	}
	if !e.advance(t, number, number) {
		return
	}
	e.rise(t, epoch)
	t.counts.Received++
	t.heard[heardKey{e.room, number, xxhash.Sum64(b.Encoded)}]++
	e.time(t, place{number, epoch, b.Received})
}

func (e *ear) takeGap(t *tally, gap *listenv1.Gap) {
	if !e.advance(t, gap.GetFirst(), gap.GetLast()) {
		return
	}
	e.rise(t, gap.GetEpoch())
	t.counts.GapNumbers += gap.GetLast() - gap.GetFirst() + 1
	t.gaps[gapKey{e.room, gap.GetFirst(), gap.GetLast(), gap.GetEpoch(), gap.GetReason()}]++
}

// advance goes on to the numbers first to last. What is left out is lost; what came before is repeated and not taken.
func (e *ear) advance(t *tally, first, last uint64) bool {
	if e.next == 0 {
		e.first, e.next = first, first
	}
	if first < e.next {
		t.counts.Repeated++
		return false
	}
	t.counts.Lost += first - e.next
	t.counts.Expected += last + 1 - e.next
	e.next = last + 1
	return true
}

func (e *ear) rise(t *tally, epoch uint64) {
	if epoch < e.epoch {
		t.counts.EpochFalls++
	}
	e.epoch = max(e.epoch, epoch)
}

// time notes when a batch came. A delivery is whole when the next one begins. The first one is left out: what it holds is as
// old as the listener's coming was late.
func (e *ear) time(t *tally, now place) {
	if e.newest.number == 0 {
		e.oldest = now
	} else if now.at.Sub(e.newest.at) > together {
		if e.settled {
			t.arrived(e.room, e.delivery(), true)
		}
		e.settled, e.oldest = true, now
	}
	if e.newest = now; e.settled {
		t.arrived(e.room, now, false)
	}
}

// delivery is the number after which the delivery that came in was due: the oldest in it may wait for as many as the cadence
// brings together. Those that were held up for longer were late.
func (e *ear) delivery() place {
	due := min(e.newest.number, e.oldest.number+max(1, e.cadence)-1)
	return place{number: due, epoch: e.oldest.epoch, at: e.newest.at}
}

// offset is when a batch came, beside the media time of its end, in ms rounded up.
func (p place) offset() int64 {
	return report.Milliseconds(time.Duration(p.at.UnixNano() - int64(p.number+1)*int64(batchMS*time.Millisecond)))
}
