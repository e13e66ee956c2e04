package events

import (
	"context"
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
)

const (
	itemsWaiting    = 64
	outcomesWaiting = 16
)

// room is one followed room: one watch of its stage, one fold, and everyone who follows it here.
type room struct {
	// static
	sockets  *Sockets
	id       id.Room
	watch    *watch
	items    chan item
	joins    chan *conn
	leaves   chan *conn
	outcomes chan outcome
	over     chan struct{} // closed when run has ended
	ctx      context.Context
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	// guarded by sockets.mu
	refs int // connections that may join or leave

	// owned by run
	now      time.Time
	stage    *stage // nil: not known yet
	heard    time.Time
	ring     ring
	drawn    [view.Viewers]drawing
	people   map[id.User]*person
	conns    []*conn
	watching map[*conn]struct{} // those of conns that have the moderators' view
	waiting  []*conn            // for a stage, or for a position
	looking  bool               // back into the log
	gone     view.Position      // what came before it cannot be had
	moved    bool               // the queue, since places were counted
	empty    time.Time
	commit   *time.Timer
	commits  bool      // an enforced position was not told yet
	told     time.Time // when the last one was

	// written before over is closed
	why error // nobody is served here; nil: nobody was left
}

func newRoom(s *Sockets, name id.Room) *room {
	r := &room{
		sockets: s, id: name, items: make(chan item, itemsWaiting), joins: make(chan *conn), leaves: make(chan *conn),
		outcomes: make(chan outcome, outcomesWaiting), over: make(chan struct{}),
		people: map[id.User]*person{}, watching: map[*conn]struct{}{}, commit: time.NewTimer(time.Hour),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.watch = &watch{sockets: s, room: name, items: r.items}
	r.now = s.cfg.Now()
	r.empty, r.told = r.now, r.now
	r.commit.Stop()
	return r
}

// run is the room's goroutine.
func (r *room) run() {
	r.tasks.Go(func() { r.watch.run(r.ctx) })
	tick := time.NewTicker(r.sockets.pace.tick)
	defer tick.Stop()
	for !r.step(tick.C) {
	}
	r.end()
}

// step does the next thing, and answers whether it was the last.
func (r *room) step(tick <-chan time.Time) (last bool) {
	select {
	case it := <-r.items:
		r.now = r.sockets.cfg.Now()
		return r.take(it)
	case c := <-r.joins:
		r.now = r.sockets.cfg.Now()
		r.join(c)
	case c := <-r.leaves:
		r.now = r.sockets.cfg.Now()
		r.drop(c)
	case o := <-r.outcomes:
		r.now = r.sockets.cfg.Now()
		r.reported(o)
	case <-r.commit.C:
		r.now = r.sockets.cfg.Now()
		r.tellEnforced()
	case <-tick:
		r.now = r.sockets.cfg.Now()
		return r.look()
	case <-r.ctx.Done():
		r.why = errLeaving
		return true
	}
	return false
}

// end says goodbye to everyone.
func (r *room) end() {
	r.sockets.forget(r)
	bye := r.goodbye()
	for _, c := range append(r.conns, r.waiting...) {
		c.cut(bye)
	}
	r.sockets.metrics.rooms.Dec()
	r.cancel()
	close(r.over)
	r.commit.Stop()
	r.tasks.Wait()
}

// goodbye is what everyone is told once the room has ended.
func (r *room) goodbye() goodbye {
	switch r.why {
	case errLeaving:
		return goodbyeLeaving
	case nil: // it was about to be left alone
		return farewellTo(fault.Unavailable(nil, "the stage cannot be had; try again"))
	}
	return farewellTo(r.why)
}

// take takes an item of the watch.
func (r *room) take(it item) (last bool) {
	r.heard = r.now
	switch {
	case it.err != nil:
		r.why = it.err
		return true
	case it.past != nil:
		r.takePast(it.past)
	case it.stage != nil:
		r.begin(it.stage)
	case it.event != nil:
		r.happened(*it.event, it.entry)
	case it.enforced != view.Position{}:
		r.enforced(it.enforced)
	}
	if len(r.waiting) > 0 {
		r.admitAll()
	}
	return false
}

// begin takes a whole stage: at first, over the end of a term, and where events were missed. Everybody begins anew.
func (r *room) begin(s *stage) {
	if r.stage != nil && r.stage.at == s.at {
		r.enforced(s.enforced()) // all else is known
		return
	}
	r.stage, r.drawn, r.moved = s, [view.Viewers]drawing{}, true
	r.ring.reset(s.at)
	for i := len(r.conns) - 1; i >= 0; i-- {
		r.show(r.conns[i])
	}
	if s.shown.State == view.StateEnded {
		r.dismissAll(errEnded)
	}
}

// happened folds an event and tells it to those who may see it.
func (r *room) happened(e event, said entry) {
	r.stage.apply(e)
	r.ring.add(said)
	r.drawn = [view.Viewers]drawing{}
	r.tellEntry(&said)
	switch e.kind {
	case handRaised, handLowered, allHandsLowered, handModeSet:
		r.moved = true
		r.tellOwnPlaces(e)
	case handAbsent:
		if p := r.people[id.User(e.user)]; p != nil {
			r.attend(p)
		}
	case appointed, dismissed:
		r.turn(id.User(e.user))
	case roomEnded:
		r.dismissAll(errEnded)
	}
}

// turn shows a person the other view.
func (r *room) turn(user id.User) {
	p := r.people[user]
	if p == nil {
		return
	}
	for i := len(p.conns) - 1; i >= 0; i-- {
		r.show(p.conns[i])
	}
}

func (r *room) dismissAll(why error) {
	for i := len(r.conns) - 1; i >= 0; i-- {
		r.dismiss(r.conns[i], farewellTo(why))
	}
}

// look looks at everyone, once a second.
func (r *room) look() (last bool) {
	r.refuseLate()
	if r.stage != nil {
		r.tellPlaces()
		for _, p := range r.people {
			r.lookAt(p)
		}
	}
	r.keepAlive()
	if len(r.conns)+len(r.waiting) > 0 || r.stage != nil && len(r.people) > 0 {
		r.empty = r.now
	}
	return r.now.Sub(r.empty) >= r.sockets.pace.linger && r.sockets.retire(r)
}

func (r *room) lookAt(p *person) {
	p.look(r.stage, r.now)
	for i := len(p.conns) - 1; i >= 0; i-- {
		if c := p.conns[i]; c.hasExpired(r.now) {
			r.dismiss(c, farewellTo(errExpired))
		}
	}
	if !p.bored.IsZero() && r.now.Sub(p.bored) >= r.sockets.pace.idle {
		for i := len(p.conns) - 1; i >= 0; i-- {
			r.dismiss(p.conns[i], farewell(reasonIdle, errIdle))
		}
	}
	r.attend(p)
	if p.isGone(r.stage, r.now, r.sockets.pace.back) {
		delete(r.people, p.user)
	}
}

// isCurrent says whether the stage log was heard a moment ago.
func (r *room) isCurrent() bool { return r.now.Sub(r.heard) <= silentAfter }

var (
	errLeaving = fault.New(fault.CodeMoved, "this gateway is leaving; resume elsewhere")
	errEnded   = fault.New(fault.CodeEnded, "the room is over")
	errExpired = fault.New(fault.CodeExpired, "the access token has expired; get another and resume")
	errIdle    = fault.New(fault.CodeIdle, "nothing concerns you here; come back to raise a hand")
)
