package listenerstate

import (
	"container/list"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

// keeper has the stage of one room in this instance, as far as it has read the log.
type keeper struct {
	key    chain.Key
	broken atomic.Bool // an append failed on its way to the archive: what is here may be ahead of it
	line   line

	idle *list.Element // guarded by the mu of keepers, as is uses
	uses int

	turn chan struct{} // the value in it is the right to all that follows

	loaded     bool
	doubted    bool // the archive has another log: loading is no answer before a repair
	stage      Stage
	head       chain.Head
	due        time.Time      // of stage; zero: nothing is. The log has a hint that is not later
	enforced   chain.Position // as it was read last; zero: not known in this term
	latest     *chain.Write   // the newest append to the archive; nil: everything came from there
	snapshotAt uint64

	backlog *backlog      // with AcknowledgeLog: what the archive does not have yet
	holding chan struct{} // the right to wait for a replica, like turn
	marking chan struct{} // the right to mark, like turn
	mu      sync.Mutex
	edition uint64         // another each time that another log may stand here than did before
	life    string         // of Redis, in which the log was last seen to be the one that is here; "": not known
	held    chain.Position // newest known to be held twice
	marked  chain.Position // newest known to be acknowledged in the log
	newest  chain.Position // newest known to be in the log
	failed  time.Time      // when the last wait for a replica began that was in vain
	reading *reading       // the one that did not begin yet; nil: the next caller makes one
}

func newKeeper(key chain.Key, unarchived *atomic.Int64) *keeper {
	k := &keeper{
		key: key, turn: make(chan struct{}, 1), marking: make(chan struct{}, 1), holding: make(chan struct{}, 1),
		backlog: newBacklog(unarchived),
	}
	k.turn <- struct{}{}
	k.holding <- struct{}{}
	k.marking <- struct{}{}
	return k
}

func (k *keeper) give() { k.turn <- struct{}{} }

// view answers what the keeper knows. The caller has the turn.
func (k *keeper) view() View { return View{Stage: k.stage, Enforced: k.enforced} }

// reset puts what the archive has in place of what was here.
func (k *keeper) reset(a archived) { k.put(a, a.head.Position, a.head) }

// put puts a stage in place of what was here: held twice up to a position, and in the archive up to a head. What is asked of one
// edition and what the backlog of another says never come together.
func (k *keeper) put(a archived, held chain.Position, after chain.Head) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.edition++
	k.held = held
	k.replace(a, after)
}

// renew puts a newer stage of the same log in place of what was here: what waits to be held goes on.
func (k *keeper) renew(a archived, held chain.Position, after chain.Head) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.held.Covers(held) {
		k.held = held
	}
	k.replace(a, after)
}

func (k *keeper) replace(a archived, after chain.Head) {
	k.stage, k.head, k.snapshotAt, k.latest, k.loaded = a.stage, a.head, a.snapshotAt, nil, false
	k.due, k.enforced = dueOf(a.stage), chain.Position{}
	k.backlog.begin(after)
	k.life, k.marked, k.newest = "", chain.Position{}, a.head.Position
}

// noteLife says in which life of Redis the log is the one that is here.
func (k *keeper) noteLife(life string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.life = life
}

// which answers the edition, and in which life of Redis it was last seen.
func (k *keeper) which() (edition uint64, life string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.edition, k.life
}

// noteNewest says that the log has come to a position.
func (k *keeper) noteNewest(at chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.newest.Before(at) {
		k.newest = at
	}
}

// holdNext answers up to where a wait for a replica is worth it that is needed up to at, and when the last one began that
// was in vain.
func (k *keeper) holdNext(at chain.Position) (chain.Position, time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.newest.Term == at.Term && at.Offset < k.newest.Offset {
		at = k.newest
	}
	return at, k.failed
}

func (k *keeper) holdFailed(begun time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failed = begun
}

// noteHeld says that an edition is held twice up to a position.
func (k *keeper) noteHeld(edition uint64, at chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.edition == edition && k.held.Before(at) {
		k.held = at
	}
}

// noteMarked says that an edition is acknowledged up to a position. It also lowers the mark: a log can come back older than it
// was. Marking twice does no harm.
func (k *keeper) noteMarked(edition uint64, at chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.edition == edition {
		k.marked = at
	}
}

func (k *keeper) marks() (held, marked chain.Position) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held, k.marked
}

// keepers has the rooms that this instance knows, the least recently used of those nobody uses leaving first.
type keepers struct {
	most       int
	unarchived atomic.Int64 // bytes in all backlogs

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
		k = newKeeper(key, &ks.unarchived)
		ks.rooms[key] = k
	}
	if k.idle != nil {
		ks.idle.Remove(k.idle)
		k.idle = nil
	}
	k.uses++
	return k, nil
}

// peek answers the keeper of a room without using it, nil where there is none.
func (ks *keepers) peek(key chain.Key) *keeper {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	return ks.rooms[key]
}

// all answers the keepers there are now.
func (ks *keepers) all() []*keeper {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	return slices.Collect(maps.Values(ks.rooms))
}

// hold uses a keeper once more.
func (ks *keepers) hold(k *keeper) {
	ks.mu.Lock()
	defer ks.mu.Unlock()
	k.uses++
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

// backlogs answers what the archive lacks of all rooms, and for how long it has lacked the oldest of it.
func (ks *keepers) backlogs() (events int, bytes int64, age time.Duration) {
	for _, k := range ks.all() {
		n, size, since := k.backlog.size()
		events, bytes = events+n, bytes+size
		if !since.IsZero() {
			age = max(age, time.Since(since))
		}
	}
	return events, bytes, age
}
