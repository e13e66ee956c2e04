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
	rooms map[chain.Key]*watched
}

// watched is a room with watchers.
type watched struct {
	bells map[chan struct{}]bool
	tail  *tail
}

func newBells(most int) *bells {
	return &bells{most: most, rooms: make(map[chain.Key]*watched)}
}

func (b *bells) hang(key chain.Key) (chan struct{}, *tail, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count >= b.most {
		return nil, nil, fault.New(fault.CodeRateLimited, "too many watchers are here").In(retryAfter)
	}
	bell, room := make(chan struct{}, 1), b.rooms[key]
	if room == nil {
		room = &watched{make(map[chan struct{}]bool), newTail()}
		b.rooms[key] = room
	}
	room.bells[bell] = true
	b.count++
	return bell, room.tail, nil
}

func (b *bells) take(key chain.Key, bell chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := b.rooms[key]
	if room == nil || !room.bells[bell] {
		return
	}
	b.count--
	delete(room.bells, bell)
	if len(room.bells) == 0 {
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
	if room := b.rooms[key]; room != nil {
		room.ring()
	}
}

func (b *bells) ringAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, room := range b.rooms {
		room.ring()
	}
}

func (w *watched) ring() {
	w.tail.rings.Add(1) // before the bells: who wakes finds every reading until now too old
	for bell := range w.bells {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}
