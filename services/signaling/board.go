package signaling

import (
	"sync"
	"time"

	"rostrum/internal/fault"
)

const (
	// maxLookups bounds the rooms that one edge is told about.
	maxLookups = 10_000
	// retryLookup is the time between tries to place a room that cannot be placed now.
	retryLookup = time.Second
)

// finding is what is known about where a room is: a home, or why there is none.
type finding struct {
	home    Home
	missing fault.Code // not_found, not_live, ended or unavailable; "" where there is a home
}

// find turns the outcome of a placement into a finding.
func find(key RoomKey, home Home, err error) finding {
	if err == nil {
		return finding{home: home}
	}
	code := fault.From(err).Code
	if code != fault.CodeNotFound && code != fault.CodeNotLive && code != fault.CodeEnded {
		code = fault.CodeUnavailable
	}
	return finding{home: Home{RoomKey: key}, missing: code}
}

// isFinal says that the room will never have a home again.
func (f finding) isFinal() bool {
	return f.missing == fault.CodeNotFound || f.missing == fault.CodeEnded
}

// step is what the board does about a room after a look at the registry.
type step uint8

const (
	stay  step = iota // nothing has changed
	tell              // it has moved
	place             // it needs a home
)

// next compares what the edges were told with what the registry says.
func (f finding) next(p Program, since time.Duration) step {
	switch {
	case p.Held && p.Node.Address != "" && p.home(f.home.RoomKey) != f.home:
		return tell
	case !p.Held && f.missing == "", f.missing == fault.CodeUnavailable && since >= retryLookup:
		return place
	}
	return stay
}

// board keeps where the rooms are that edges of this instance looked up, and who is to be told when one moves.
type board struct {
	mu    sync.Mutex
	rooms map[RoomKey]*notice
}

// notice is one room on the board.
type notice struct {
	finding finding
	found   time.Time // when finding was made; zero: not yet
	placing bool      // a placement is under way
	readers map[*mailbox]struct{}
}

func newBoard() *board { return &board{rooms: map[RoomKey]*notice{}} }

// read makes m a reader of a room's notice, or says that it reads too many. The answer says whether the caller must
// place the room and post what came of it; otherwise another is doing so.
func (b *board) read(key RoomKey, m *mailbox) (mustPlace bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := m.ask(key); err != nil {
		return false, err
	}
	n := b.rooms[key]
	if n == nil {
		n = &notice{readers: map[*mailbox]struct{}{}}
		b.rooms[key] = n
	}
	n.readers[m] = struct{}{}
	mustPlace = !n.placing
	n.placing = true
	return mustPlace, nil
}

// post tells the readers of a room what was found by a placement. Who asked while it was under way is told too, even
// where nothing has changed. A final finding takes the room off the board.
func (b *board) post(key RoomKey, f finding, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.rooms[key]
	if n == nil {
		return
	}
	n.finding, n.found, n.placing = f, now, false
	n.tell(f)
	if f.isFinal() {
		for m := range n.readers {
			m.forget(key)
		}
		delete(b.rooms, key)
	}
}

// review compares a room with the registry, tells the readers where it has moved, and says whether the caller must
// place it.
func (b *board) review(key RoomKey, p Program, now time.Time) (mustPlace bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.rooms[key]
	if n == nil || n.placing || n.found.IsZero() {
		return false
	}
	switch n.finding.next(p, now.Sub(n.found)) {
	case tell:
		n.finding, n.found = finding{home: p.home(key)}, now
		n.tell(n.finding)
	case place:
		n.placing = true
		return true
	}
	return false
}

// keys are the rooms on the board.
func (b *board) keys() []RoomKey {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := make([]RoomKey, 0, len(b.rooms))
	for key := range b.rooms {
		keys = append(keys, key)
	}
	return keys
}

// leave takes a reader and the notices that only it read off the board.
func (b *board) leave(m *mailbox) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range m.lookups() {
		if n := b.rooms[key]; n != nil {
			delete(n.readers, m)
			if len(n.readers) == 0 {
				delete(b.rooms, key)
			}
		}
	}
}

func (n *notice) tell(f finding) {
	for m := range n.readers {
		m.put(f)
	}
}
