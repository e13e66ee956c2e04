package events

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
)

// join lets a connection in, now or as soon as that can be done.
func (r *room) join(c *conn) {
	if !r.admit(c) {
		c.until = r.now.Add(r.sockets.pace.wait)
		r.waiting = append(r.waiting, c)
	}
}

// admitAll lets those in who wait and can be.
func (r *room) admitAll() {
	r.waiting = slices.DeleteFunc(r.waiting, r.admit)
}

// refuseLate tells those who waited for too long why.
func (r *room) refuseLate() {
	r.waiting = slices.DeleteFunc(r.waiting, func(c *conn) bool {
		if r.now.Before(c.until) {
			return false
		}
		if r.stage != nil && r.isCurrent() && c.from.IsAfter(r.stage.at) {
			c.cut(farewellTo(fault.New(fault.CodeFromAhead, "the newest position is %d-%d", r.stage.at.Term, r.stage.at.Offset)))
		} else {
			c.cut(farewellTo(fault.Unavailable(nil, "the stage cannot be had; try again")))
		}
		return true
	})
}

// admit greets a connection; false: it has to wait.
func (r *room) admit(c *conn) bool {
	if r.stage == nil || !r.isCurrent() || c.from.IsAfter(r.stage.at) || r.lookBack(c) {
		return false
	}
	missed, how := r.missed(c)
	if r.stage.shown.State == view.StateEnded && (how != resumed || len(missed) == 0) {
		c.cut(farewellTo(errEnded))
		return true
	}
	p := r.people[c.who.User]
	if p == nil {
		p = &person{user: c.who.User}
		r.people[p.user] = p
	}
	if len(p.conns) >= mostOfOnePerson {
		c.cut(farewellTo(fault.New(fault.CodeRateLimited, "one person has at most %d sockets in a room", mostOfOnePerson)))
		return true
	}
	r.sockets.metrics.opened(how)
	r.add(c, p)
	r.greet(c, missed, how)
	p.look(r.stage, r.now)
	r.attend(p)
	return true
}

func (r *room) add(c *conn, p *person) {
	c.joined, c.at, c.view = true, len(r.conns), r.stage.shown.ViewerOf(string(p.user))
	r.conns = append(r.conns, c)
	if len(p.conns) == 0 {
		p.bored = time.Time{}
	}
	p.conns = append(p.conns, c)
	p.told, p.again = false, time.Time{}
	if c.view == view.Moderator {
		r.watching[c] = struct{}{}
	}
	c.pinged, c.toldAt = r.now, r.now
}

// dismiss ends a connection of the room.
func (r *room) dismiss(c *conn, bye goodbye) {
	c.cut(bye)
	r.drop(c)
}

// drop forgets a connection, also one that waits or is gone already.
func (r *room) drop(c *conn) {
	if !c.joined {
		r.waiting = slices.DeleteFunc(r.waiting, func(other *conn) bool { return other == c })
		return
	}
	c.joined = false
	last := r.conns[len(r.conns)-1]
	r.conns[c.at], last.at = last, c.at
	r.conns[len(r.conns)-1] = nil
	r.conns = r.conns[:len(r.conns)-1]
	delete(r.watching, c)
	if p := r.people[c.who.User]; p != nil {
		p.remove(c, r.now)
	}
}
