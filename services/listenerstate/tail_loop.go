package listenerstate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

const (
	tailMost  = 256            // events of one room that its watchers share
	tailLives = stillEvery / 2 // how old a reading may be that says that nothing happened
)

// tail is the newest acknowledged events of a room that is watched here. Whichever watcher comes first after the doorbell
// reads them, the others take them from it: a busy room is read once, however many watch.
type tail struct {
	rings   atomic.Uint64 // of the doorbell
	reading chan struct{} // the value in it is the right to read

	mu    sync.Mutex
	known stretch
}

func newTail() *tail {
	t := &tail{reading: make(chan struct{}, 1)}
	t.reading <- struct{}{}
	return t
}

// stretch is a part of a log as it was read. What its entries point to is never written again.
type stretch struct {
	from     chain.Position // entries begin behind it
	entries  []Entry        // acknowledged ones, without a hole
	head     chain.Head
	acked    uint64
	enforced chain.Position

	rings uint64 // of the doorbell, when the reading began
	begun time.Time
}

func (s stretch) end() chain.Position {
	if n := len(s.entries); n > 0 {
		return s.entries[n-1].Event.Position
	}
	return s.from
}

// after answers the part behind a position; false: the stretch does not begin there or before.
func (s stretch) after(at chain.Position) (stretch, bool) {
	if at.Term != s.from.Term || at.Offset < s.from.Offset || s.end().Before(at) {
		return stretch{}, false
	}
	s.entries, s.from = s.entries[at.Offset-s.from.Offset:], at
	return s, true
}

// follow answers what comes after a position in the current term: read after the newest ring of the doorbell, and where
// that is due not long ago. Errors: stagelog.ErrLost; errDiverged where it does not go on from there; others pass.
func (s *Service) follow(ctx context.Context, key chain.Key, t *tail, at chain.Position, due bool) (stretch, error) {
	if found, there := t.behind(at, due); there {
		return found, nil
	}
	select {
	case <-t.reading:
	case <-ctx.Done():
		return stretch{}, fault.New(fault.CodeTimeout, "the room is busy")
	}
	defer func() { t.reading <- struct{}{} }()
	if found, there := t.behind(at, due); there {
		return found, nil
	}
	known, rings := t.all(), t.rings.Load()
	if at.Term == known.from.Term && at.Offset < known.from.Offset {
		return s.readBehind(ctx, key, at) // too far behind to share
	}
	if _, there := known.after(at); !there {
		known = stretch{from: at}
	}
	read, err := s.readBehind(ctx, key, known.end())
	if err != nil {
		t.keep(stretch{})
		return stretch{}, err
	}
	read.rings = rings
	t.keep(known.with(read, due))
	if found, there := t.all().after(at); there {
		return found, nil
	}
	return stretch{}, errDiverged
}

// with answers a stretch that goes on with what was read behind it, of bounded length. Where nothing is new in a room
// that is quiet, nothing is kept.
func (s stretch) with(read stretch, quiet bool) stretch {
	entries, from := append(s.entries, read.entries...), s.from
	if over := len(entries) - max(tailMost, len(read.entries)); over > 0 {
		from, entries = entries[over-1].Event.Position, entries[over:]
	}
	if quiet && len(read.entries) == 0 {
		from, entries = s.end(), nil
	}
	read.from, read.entries = from, entries
	return read
}

// behind answers what is known after a position, where that is something or new enough.
func (t *tail) behind(at chain.Position, due bool) (stretch, bool) {
	known := t.all()
	found, there := known.after(at)
	fresh := known.rings >= t.rings.Load() && (!due || time.Since(known.begun) < tailLives)
	return found, there && (fresh || len(found.entries) > 0)
}

func (t *tail) all() stretch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known
}

func (t *tail) keep(s stretch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = s
}

// readBehind reads the acknowledged events after a position. Errors as follow's.
func (s *Service) readBehind(ctx context.Context, key chain.Key, at chain.Position) (stretch, error) {
	read := stretch{from: at, begun: time.Now()}
	page, err := s.log.Read(ctx, key, at, pageSize)
	if err != nil {
		return stretch{}, err
	}
	if page.Head.Term != at.Term || page.Head.Offset < at.Offset {
		return stretch{}, errDiverged
	}
	read.head, read.acked, read.enforced = page.Head, page.Acked, page.Enforced
	for _, record := range page.Records {
		if record.Offset > page.Acked {
			break
		}
		e, err := decodeEvent(key, record.Bytes)
		if err != nil || record.Offset != read.end().Offset+1 || record.Term != at.Term {
			return stretch{}, errDiverged
		}
		read.entries = append(read.entries, Entry{e, record.Bytes})
	}
	if len(read.entries) == 0 && page.Acked > at.Offset {
		return stretch{}, errDiverged
	}
	return read, nil
}
