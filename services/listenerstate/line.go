package listenerstate

import (
	"slices"
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// lane is where a request waits for its room: a burst of hands must not keep a moderator waiting.
type lane int

const (
	laneAhead lane = iota // everything but
	laneHands             // raising and lowering one's own hand
)

// Bounds of a line, and of what is decided together.
const (
	aheadMost      = 512
	handsMost      = 4096
	batchMost      = 64
	batchAheadMost = 48 // while hands wait too
	onePersonMost  = 32 // of one person in the lane ahead: nobody fills it alone
)

func laneOf(r Request) lane {
	switch c := r.Command.(type) {
	case RaiseHand:
		return laneHands
	case LowerHand:
		if r.Actor.isPerson(c.User) {
			return laneHands
		}
	}
	return laneAhead
}

// call is a request on its way through a room.
type call struct {
	request   Request
	personKey [32]byte      // of the person whom its personal fields are about
	appointed chan struct{} // it is this call's turn to lead
	answered  chan struct{} // closes when answer and err are there

	gone bool // its caller waits no more; guarded by the mu of the line

	// owned by the leader until answered closes
	tries   int
	outcome outcome
	answer  Answer
	err     error
	laps    laps
}

// outcome is what a call came to in its turn.
type outcome struct {
	refusal error
	earlier *stagelog.Earlier // the same request came before
	at      chain.Position    // of the last event, or where it was decided
	entries []Entry
}

func newCall(r Request) *call {
	return &call{
		request: r, appointed: make(chan struct{}, 1), answered: make(chan struct{}), laps: laps{begun: time.Now()},
	}
}

// line is the calls that wait for one room. One of them leads: it takes the turn, decides for many, and passes the lead
// on. So nothing runs for a room that nobody calls.
type line struct {
	mu      sync.Mutex
	waiting [2]int // by lane, with those that prepare
	lanes   [2][]*call
	leader  *call // appointed or at work; nil: nobody waits
}

// enter takes a place in a lane for a call that will join.
func (l *line) enter(in lane) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[in] >= [...]int{aheadMost, handsMost}[in] {
		return fault.New(fault.CodeRateLimited, "too many calls wait for this room").In(retryAfter)
	}
	l.waiting[in]++
	return nil
}

// leave gives a place back that no call joined.
func (l *line) leave(in lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[in]--
}

// join puts a call at the end of a lane in which it has a place, or gives the place back where its person has too many.
func (l *line) join(c *call) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	in := laneOf(c.request)
	if in == laneAhead && l.aheadOf(c.request.Actor.User) >= onePersonMost {
		l.waiting[in]--
		return fault.New(fault.CodeRateLimited, "too many of your commands wait for this room").In(retryAfter)
	}
	l.lanes[in] = append(l.lanes[in], c)
	if l.leader == nil {
		l.appoint()
	}
	return nil
}

// aheadOf counts the calls of a person in the lane ahead; services are nobody.
func (l *line) aheadOf(user id.User) int {
	waiting := 0
	for _, c := range l.lanes[laneAhead] {
		if c.request.Actor.isPerson(user) {
			waiting++
		}
	}
	return waiting
}

// quit says that a call's caller waits no more. A call that was drained is completed all the same.
func (l *line) quit(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.gone = true
	in := laneOf(c.request)
	if i := slices.Index(l.lanes[in], c); i >= 0 {
		l.lanes[in] = slices.Delete(l.lanes[in], i, i+1)
		l.waiting[in]--
	}
	if l.leader == c {
		l.appoint()
	}
}

// pass ends a lead.
func (l *line) pass() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.appoint()
}

func (l *line) appoint() {
	l.leader = nil
	for _, calls := range l.lanes {
		if len(calls) > 0 {
			l.leader = calls[0]
			l.leader.appointed <- struct{}{}
			return
		}
	}
}

// drain takes what is decided next, those ahead first. Of calls with the same name only the first goes: the others are
// its repetitions, and are answered from what the log remembers of it.
func (l *line) drain() []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := [...]int{batchMost, batchMost}
	if len(l.lanes[laneHands]) > 0 {
		most[laneAhead] = batchAheadMost
	}
	var taken []*call
	names := make(map[string]bool, batchMost)
	for in, calls := range l.lanes {
		kept, seen := calls[:0], 0
		for ; seen < len(calls) && len(taken) < most[in]; seen++ {
			c := calls[seen]
			if name := c.request.name(); !names[name] {
				names[name] = true
				taken = append(taken, c)
				l.waiting[in]--
			} else {
				kept = append(kept, c)
			}
		}
		kept = append(kept, calls[seen:]...)
		clear(calls[len(kept):])
		l.lanes[in] = kept
	}
	return taken
}

// putBack brings calls of which nothing was appended to the front of their lanes, as they were. Those that nobody waits
// for are dropped.
func (l *line) putBack(calls []*call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range slices.Backward(calls) {
		if in := laneOf(c.request); !c.gone {
			l.lanes[in] = slices.Insert(l.lanes[in], 0, c)
			l.waiting[in]++
		}
	}
}

// name is unique among the requests of all actors to a room.
func (r Request) name() string { return commandName(r.Actor, r.ID) }
