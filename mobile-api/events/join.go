package events

import (
	"slices"
	"time"

	"rostrum/internal/fault"
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
		if r.stage != nil && r.isCurrent() && c.from.isAfter(r.stage.at) {
			c.cut(farewellTo(fault.New(fault.CodeFromAhead, "the newest position is %d-%d", r.stage.at.Term, r.stage.at.Offset)))
		} else {
			c.cut(farewellTo(fault.Unavailable(nil, "the stage cannot be had; try again")))
		}
		return true
	})
}

// admit greets a connection; false: it has to wait.
func (r *room) admit(c *conn) bool {
	if r.stage == nil || !r.isCurrent() || c.from.isAfter(r.stage.at) || r.lookBack(c) {
		return false
	}
	missed, how := r.missed(c)
	if r.stage.state == stateEnded && (how != resumed || len(missed) == 0) {
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
	c.joined, c.at, c.view = true, len(r.conns), r.stage.viewOf(string(p.user))
	r.conns = append(r.conns, c)
	if len(p.conns) == 0 {
		p.bored = time.Time{}
	}
	p.conns = append(p.conns, c)
	p.told, p.again = false, time.Time{}
	if c.view == viewModerator {
		r.watching[c] = struct{}{}
	}
	c.pinged, c.toldAt = r.now, r.now
}

// opening says how a connection began. It is a metric label.
type opening string

const (
	fresh     opening = "fresh"   // without a position
	resumed   opening = "resumed" // nothing was missed
	tooOld    opening = "too_old" // what was missed is not held any more
	otherTerm opening = "term"    // the log began anew
	otherView opening = "view"    // the person sees the other view since
)

var openings = [...]opening{fresh, resumed, tooOld, otherTerm, otherView}

// missed answers the events after the position of a connection.
func (r *room) missed(c *conn) ([]entry, opening) {
	switch {
	case c.from == position{}:
		return nil, fresh
	case c.from.Term != r.stage.at.Term:
		return nil, otherTerm
	}
	missed, ok := r.ring.after(c.from)
	if !ok {
		return nil, tooOld
	}
	if r.ring.turned(c.from, string(c.who.User)) {
		return nil, otherView
	}
	return missed, resumed
}

// greet says hello, and what the connection missed or the whole stage.
func (r *room) greet(c *conn, missed []entry, how opening) {
	hello, err := encode(helloMessage{
		Type: "hello", Version: 1, User: string(c.who.User), Resumed: how == resumed, Heartbeat: r.sockets.pace.still.Milliseconds(),
	})
	if !r.said(err) {
		r.dismiss(c, farewellTo(err))
		return
	}
	if how != resumed {
		r.tell(c, hello)
		r.show(c)
		return
	}
	pieces := make([]piece, 0, len(missed)+3)
	pieces = append(pieces, piece{bytes: hello})
	for i := range missed {
		if missed[i].seenBy(string(c.who.User), c.view) {
			pieces = append(pieces, piece{bytes: missed[i].frame})
		}
	}
	r.sockets.metrics.sent.Add(float64(len(pieces) - 1))
	c.out.open(append(pieces, r.unlogged(c)...))
	if r.stage.state == stateEnded {
		r.dismiss(c, farewellTo(errEnded))
	}
}

// unlogged answers what a connection is told after a resume: what is in no event.
func (r *room) unlogged(c *conn) []piece {
	c.place, c.of = r.stage.hands.place(string(c.who.User)), r.stage.hands.len()
	told := []piece{{bytes: appendPlace(nil, c.place, c.of)}}
	if r.stage.enforced == (position{}) {
		return told
	}
	said, err := encode(positionMessage{"enforced", r.stage.enforced})
	if !r.said(err) {
		return told
	}
	return append(told, piece{bytes: said})
}

// show sends a connection the whole stage in the view of its person.
func (r *room) show(c *conn) {
	user := string(c.who.User)
	c.view = r.stage.viewOf(user)
	delete(r.watching, c)
	if c.view == viewModerator {
		r.watching[c] = struct{}{}
	}
	text, err := r.draw(c.view)
	if !r.said(err) {
		r.dismiss(c, farewellTo(err))
		return
	}
	you := r.stage.you(user)
	pieces, err := snapshotFrame(r.stage.at, text, you)
	if !r.said(err) {
		r.dismiss(c, farewellTo(err))
		return
	}
	c.place, c.of, c.toldAt = you.Place, r.stage.hands.len(), r.now
	if !c.out.open(pieces) {
		r.dismiss(c, goodbyeOverflow)
	}
}

// draw encodes the stage once for everyone who sees it as it is now.
func (r *room) draw(v view) ([]byte, error) {
	if d := &r.drawn[v]; !d.valid {
		text, err := r.stage.encode(v)
		if err != nil {
			return nil, err
		}
		*d = drawing{true, text}
	}
	return r.drawn[v].text, nil
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
