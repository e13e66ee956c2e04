package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/client/listener"
	"rostrum/cmd/rostrum/report"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// maxTones bounds the markers that wait to be told.
const maxTones = 10_000

// tally is what all listeners of a process have met. Safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	ears     []*ear
	counts   counts // but what listeners count themselves
	closes   map[string]uint64
	joins    report.Spread
	arrivals map[programKey]*arrivals
	heard    map[heardKey]uint64
	gaps     map[gapKey]uint64
	tones    []tone
}

type programKey struct {
	room  int
	epoch uint64
}

type heardKey struct {
	room        int
	number, sum uint64
}

type gapKey struct {
	room               int
	first, last, epoch uint64
	reason             listenv1.GapReason
}

func newTally() *tally {
	t := &tally{closes: map[string]uint64{}}
	t.clear()
	return t
}

// clear forgets what was told.
func (t *tally) clear() {
	t.joins, t.arrivals, t.tones = report.Spread{}, map[programKey]*arrivals{}, nil
	t.heard, t.gaps = map[heardKey]uint64{}, map[gapKey]uint64{}
}

// open says that a listener sets out, and answers the number that it wants.
func (t *tally) open(e *ear, now time.Time) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.begun.IsZero() {
		e.begun = now
		t.ears = append(t.ears, e)
		t.counts.Started++
	}
	return e.next
}

func (t *tally) opened(e *ear, l *listener.Listener) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.listener = l
}

// closed closes a listener and keeps what it counted.
func (t *tally) closed(e *ear, l *listener.Listener) {
	_ = l.Close() // whoever is at the other end may have gone
	t.mu.Lock()
	defer t.mu.Unlock()
	e.before, e.listener = sum(e.before, l.Stats()), nil
	t.disconnect(e)
}

func (t *tally) disconnect(e *ear) {
	if e.connected {
		e.connected = false
		t.counts.Connected--
	}
}

// broken answers what notes why a connection of a listener was left or not made.
func (t *tally) broken(e *ear) func(error) {
	return func(err error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.closes[reason(err)]++
		if e.connected && !e.reconnected {
			e.reconnected = true
			t.counts.Reconnected++
		}
		t.disconnect(e)
	}
}

// end notes that a listener was sent away for good.
func (t *tally) end(e *ear, told *listener.CloseError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closes[reason(told)]++
	t.counts.Ended++
	t.disconnect(e)
}

func (t *tally) take(e *ear, item listener.Item) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.take(t, item)
}

func (t *tally) found(room int, tones []tone) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, found := range tones {
		if found.Room = room; len(t.tones) < maxTones {
			t.tones = append(t.tones, found)
		}
	}
}

// arrived notes when a batch came, or a delivery that was due after it. Needs the lock.
func (t *tally) arrived(room int, p place, delivery bool) {
	k := programKey{room, p.epoch}
	a := t.arrivals[k]
	if a == nil {
		a = &arrivals{Room: room, Epoch: p.epoch, Batches: report.Spread{}, Deliveries: report.Spread{}}
		t.arrivals[k] = a
	}
	if delivery {
		a.Deliveries[p.offset()]++
	} else {
		a.Batches[p.offset()]++
	}
}

// tell answers the news since the last ones.
func (t *tally) tell() news {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := news{Counts: t.counts, Joins: t.joins, Tones: t.tones, Closes: map[string]uint64{}}
	for why, n := range t.closes {
		out.Closes[why] = n
	}
	for _, e := range t.ears {
		s := e.before
		if e.listener != nil {
			s = sum(s, e.listener.Stats())
		}
		out.Counts.Connections += s.Connections
		out.Counts.Bytes += s.Bytes
		out.Counts.Corrupt += s.Corrupt
		out.Counts.Repeated += s.Repeats
		out.Counts.OutOfOrder += s.Holes
		out.Counts.LowerEpochs += s.LowerEpochs
		out.Counts.EpochFalls += s.EpochFalls
	}
	for _, a := range t.arrivals {
		out.Arrivals = append(out.Arrivals, *a)
	}
	for k, n := range t.heard {
		out.Heard = append(out.Heard, heard{k.room, k.number, fmt.Sprintf("%016x", k.sum), n})
	}
	for k, n := range t.gaps {
		out.Gaps = append(out.Gaps, gapHeard{k.room, k.first, k.last, k.epoch, gapName(k.reason), n})
	}
	t.clear()
	return out
}

// sum adds up what two listeners counted.
func sum(a, b listener.Stats) listener.Stats {
	a.Connections += b.Connections
	a.Bytes += b.Bytes
	a.Corrupt += b.Corrupt
	a.Repeats += b.Repeats
	a.Holes += b.Holes
	a.LowerEpochs += b.LowerEpochs
	a.EpochFalls += b.EpochFalls
	return a
}

// reason names why a connection was left or not made.
func reason(err error) string {
	var told *listener.CloseError
	var network *net.OpError
	switch {
	case errors.As(err, &told) && told.Fault != "":
		return fmt.Sprintf("%d %s", told.Code, told.Fault)
	case errors.As(err, &told):
		return fmt.Sprint(told.Code)
	case errors.Is(err, listener.ErrHole):
		return "left a number out"
	case errors.Is(err, listener.ErrCorrupt):
		return "corrupt"
	case errors.As(err, &network) && network.Op == "dial", errors.Is(err, websocket.ErrBadHandshake):
		return "not reached"
	case errors.Is(err, listener.ErrSilent), errors.Is(err, context.DeadlineExceeded):
		return "silent"
	}
	return "cut"
}

// gapName is a gap's reason as metrics and ledgers name it.
func gapName(reason listenv1.GapReason) string {
	switch reason {
	case listenv1.GapReason_GAP_REASON_NEW_ORIGIN:
		return "new_origin"
	case listenv1.GapReason_GAP_REASON_ORIGIN_STALLED:
		return "origin_stalled"
	case listenv1.GapReason_GAP_REASON_UPSTREAM_LOST:
		return "upstream_lost"
	}
	return "unspecified"
}
