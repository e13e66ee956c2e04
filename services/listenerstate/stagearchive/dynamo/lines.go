package dynamo

import (
	"container/list"
	"fmt"
	"sync"
	"time"

	"rostrum/services/listenerstate/chain"
)

// lines are those of all rooms, and what waits in them, within bounds. Lines in which nothing waits are kept for what
// they know of their end, which stays true; the oldest of them make room for others.
type lines struct {
	bytesMost int
	roomsMost int
	run       func(*line) // starts a run of a line that became busy; called with mu held

	mu     sync.Mutex
	closed bool
	all    map[chain.Key]*list.Element // *line, of idle or busy
	idle   *list.List                  // oldest first
	busy   *list.List
	bytes  int // that wait
	events int
}

func newLines(bytesMost, roomsMost int, run func(*line)) *lines {
	return &lines{
		bytesMost: bytesMost, roomsMost: roomsMost, run: run,
		all: map[chain.Key]*list.Element{}, idle: list.New(), busy: list.New(),
	}
}

// close makes lines take nothing more; false: they did not before.
func (ls *lines) close() bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	defer func() { ls.closed = true }()
	return !ls.closed
}

// enter brings a wish to the end of its line. Errors: chain.ErrClosed, chain.ErrFull.
func (ls *lines) enter(key chain.Key, w *wish) error {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.closed {
		return chain.ErrClosed
	}
	if w.bytes > 0 && ls.bytes+w.bytes > ls.bytesMost {
		return fmt.Errorf("%w: %d bytes", chain.ErrFull, ls.bytes)
	}
	l := ls.line(key)
	if l == nil {
		return fmt.Errorf("%w: of %d rooms", chain.ErrFull, ls.busy.Len())
	}
	l.wishes, l.came, l.bytes = append(l.wishes, w), l.came+1, l.bytes+w.bytes
	ls.bytes, ls.events = ls.bytes+w.bytes, ls.events+w.events
	if !w.waits() || l.bytes >= itemMost {
		l.hurry()
	}
	if !l.busy {
		l.busy = true
		ls.move(l, ls.idle, ls.busy)
		ls.run(l)
	}
	return nil
}

// line answers a room's line, in place of an idle one where there are too many; nil where all are busy.
func (ls *lines) line(key chain.Key) *line {
	if e, there := ls.all[key]; there {
		return e.Value.(*line)
	}
	if len(ls.all) >= ls.roomsMost {
		oldest := ls.idle.Front()
		if oldest == nil {
			return nil
		}
		delete(ls.all, ls.idle.Remove(oldest).(*line).key)
	}
	l := &line{key: key, bell: make(chan struct{}, 1)}
	ls.all[key] = ls.idle.PushBack(l)
	return l
}

func (ls *lines) move(l *line, from, to *list.List) {
	from.Remove(ls.all[l.key])
	ls.all[l.key] = to.PushBack(l)
}

// next answers since when the first wish of a busy line waits, and whether it is urgent. Where nothing waits any more the
// line is idle, and ok is false: its run ends.
func (ls *lines) next(l *line) (since time.Time, urgent, ok bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(l.wishes) > 0 {
		return l.wishes[0].since, l.urgent, true
	}
	l.busy, l.urgent = false, false
	ls.move(l, ls.busy, ls.idle)
	return time.Time{}, false, false
}

// until answers how far a line must be settled until all is that waits in it now.
func (ls *lines) until(l *line) uint64 {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.urgent = false
	select {
	case <-l.bell: // for what is written now
	default:
	}
	return l.came
}

// waiting answers what waits in a busy line; nothing where those before until have left.
func (ls *lines) waiting(l *line, until uint64) []*wish {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.left >= until {
		return nil
	}
	return l.wishes
}

// settle takes the first wish of a line out of it and finishes it.
func (ls *lines) settle(l *line, err error) {
	ls.mu.Lock()
	w := l.wishes[0]
	l.wishes[0] = nil
	l.wishes, l.left, l.bytes = l.wishes[1:], l.left+1, l.bytes-w.bytes
	if len(l.wishes) == 0 {
		l.wishes = nil // the memory of a burst
	}
	ls.bytes, ls.events = ls.bytes-w.bytes, ls.events-w.events
	ls.mu.Unlock()
	w.write.Finish(err)
}

// waitingEvents answers how many events wait in all lines.
func (ls *lines) waitingEvents() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.events
}

// waitingBytes answers how many bytes wait in all lines.
func (ls *lines) waitingBytes() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.bytes
}

// age answers how long the oldest wish waits.
func (ls *lines) age() (age time.Duration) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for e := ls.busy.Front(); e != nil; e = e.Next() {
		if l := e.Value.(*line); len(l.wishes) > 0 {
			age = max(age, time.Since(l.wishes[0].since))
		}
	}
	return age
}
