package listenerstate

import (
	"sync"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

// bells wakes the watchers of a room. A bell that rings while its watcher is busy rings once more, not more often.
type bells struct {
	most int

	mu    sync.Mutex
	count int
	rooms map[chain.Key]map[chan struct{}]bool
}

func newBells(most int) *bells {
	return &bells{most: most, rooms: make(map[chain.Key]map[chan struct{}]bool)}
}

func (b *bells) hang(key chain.Key) (chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count >= b.most {
		return nil, fault.New(fault.CodeRateLimited, "too many watchers are here").In(retryAfter)
	}
	bell := make(chan struct{}, 1)
	if b.rooms[key] == nil {
		b.rooms[key] = make(map[chan struct{}]bool)
	}
	b.rooms[key][bell] = true
	b.count++
	return bell, nil
}

func (b *bells) take(key chain.Key, bell chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.rooms[key][bell] {
		return
	}
	b.count--
	delete(b.rooms[key], bell)
	if len(b.rooms[key]) == 0 {
		delete(b.rooms, key)
	}
}

// watchers answers how many bells hang.
func (b *bells) watchers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

func (b *bells) ring(key chain.Key) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for bell := range b.rooms[key] {
		ringOne(bell)
	}
}

func (b *bells) ringAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, room := range b.rooms {
		for bell := range room {
			ringOne(bell)
		}
	}
}

func ringOne(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
