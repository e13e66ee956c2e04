package listenerstate

import (
	"container/list"
	"sync"
	"sync/atomic"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

// waitingMost bounds the calls that wait for one room's turn.
const waitingMost = 512

// keeper has the stage of one room in this instance, as far as it has read the log.
type keeper struct {
	key     chain.Key
	waiting atomic.Int32
	broken  atomic.Bool // an append failed on its way to the archive: what is here may be ahead of it

	idle *list.Element // guarded by the mu of keepers, as is uses
	uses int

	turn chan struct{} // the value in it is the right to all that follows

	loaded     bool
	stage      Stage
	head       chain.Head
	latest     *chain.Write // the newest append to the archive; nil: everything came from there
	snapshotAt uint64

	marking chan struct{} // the right to mark, like turn
	mu      sync.Mutex
	held    chain.Position // newest known to be in the archive
	marked  chain.Position // newest known to be acknowledged in the log
}

func newKeeper(key chain.Key) *keeper {
	k := &keeper{key: key, turn: make(chan struct{}, 1), marking: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	k.marking <- struct{}{}
	return k
}

// take waits for the turn until done closes.
func (k *keeper) take(done <-chan struct{}) error {
	defer k.waiting.Add(-1)
	if k.waiting.Add(1) > waitingMost {
		return fault.New(fault.CodeRateLimited, "too many calls wait for this room").In(retryAfter)
	}
	select {
	case <-k.turn:
		return nil
	case <-done:
		return fault.New(fault.CodeTimeout, "the room is busy; try again")
	}
}

func (k *keeper) give() { k.turn <- struct{}{} }

// reset puts what the archive has in place of what was here.
func (k *keeper) reset(a archived) {
	k.stage, k.head, k.snapshotAt, k.latest, k.loaded = a.stage, a.head, a.snapshotAt, nil, false
	k.noteHeld(a.head.Position)
}

func (k *keeper) noteHeld(at chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held.Before(at) {
		k.held = at
	}
}

// noteMarked also lowers the mark: a log can come back older than it was. Marking twice does no harm.
func (k *keeper) noteMarked(at chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.marked = at
}

func (k *keeper) marks() (held, marked chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held, k.marked
}

// keepers has the rooms that this instance knows, the least recently used of those nobody uses leaving first.
type keepers struct {
	most int

	mu    sync.Mutex
	rooms map[chain.Key]*keeper
	idle  list.List // of *keeper that nobody uses, the longest idle first
}

func newKeepers(most int) *keepers {
	return &keepers{most: most, rooms: make(map[chain.Key]*keeper)}
}

// use answers the keeper of a room, to be given back with done.
func (ks *keepers) use(key chain.Key) (*keeper, error) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	k := ks.rooms[key]
	if k == nil {
		if len(ks.rooms) >= ks.most && !ks.forget() {
			return nil, fault.New(fault.CodeRateLimited, "too many rooms are in use here").In(retryAfter)
		}
		k = newKeeper(key)
		ks.rooms[key] = k
	}
	if k.idle != nil {
		ks.idle.Remove(k.idle)
		k.idle = nil
	}
	k.uses++
	return k, nil
}

func (ks *keepers) done(k *keeper) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if k.uses--; k.uses == 0 {
		k.idle = ks.idle.PushBack(k)
	}
}

func (ks *keepers) forget() bool {
	oldest := ks.idle.Front()
	if oldest == nil {
		return false
	}
	k, _ := ks.idle.Remove(oldest).(*keeper)
	delete(ks.rooms, k.key)
	return true
}
