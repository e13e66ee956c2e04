package signaling

import (
	"maps"
	"slices"
	"sync"

	"rostrum/internal/fault"
)

// mailbox holds what one edge is still to be told: of each room the newest finding only, so it never overflows.
type mailbox struct {
	wake chan struct{} // holds one value while something is there

	mu    sync.Mutex
	asked map[RoomKey]struct{}
	full  map[RoomKey]finding
}

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), asked: map[RoomKey]struct{}{}, full: map[RoomKey]finding{}}
}

// ask notes a look-up, or says that the edge has made too many.
func (m *mailbox) ask(key RoomKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.asked) >= maxLookups {
		if _, again := m.asked[key]; !again {
			return fault.New(fault.CodeUnavailable, "an edge is told about at most %d rooms", maxLookups)
		}
	}
	m.asked[key] = struct{}{}
	return nil
}

func (m *mailbox) forget(key RoomKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.asked, key)
}

func (m *mailbox) lookups() []RoomKey {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.asked))
}

// put replaces what is still to be told about a room.
func (m *mailbox) put(f finding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full[f.home.RoomKey] = f
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox.
func (m *mailbox) take() []finding {
	m.mu.Lock()
	defer m.mu.Unlock()
	findings := slices.Collect(maps.Values(m.full))
	clear(m.full)
	return findings
}
