package events

import (
	"rostrum/internal/id"
	"rostrum/mobile-api/view"
)

// tell lets a frame wait for a connection, and cuts one that takes too little.
func (r *room) tell(c *conn, frame []byte) {
	c.toldAt = r.now
	if !c.out.push(frame) {
		r.dismiss(c, goodbyeOverflow)
	}
}

func (r *room) tellAll(frame []byte) {
	for i := len(r.conns) - 1; i >= 0; i-- { // from the end: who is cut gives the place to who was told already
		r.tell(r.conns[i], frame)
	}
}

// tellEntry tells an event to those who may see it.
func (r *room) tellEntry(e *entry) {
	told := 0
	switch e.audience {
	case nobody:
		return
	case everyone:
		told = len(r.conns)
		r.tellAll(e.frame)
	case concerned:
		told = len(r.watching)
		for c := range r.watching {
			r.tell(c, e.frame)
		}
		if p := r.people[id.User(e.user)]; p != nil {
			for i := len(p.conns) - 1; i >= 0; i-- {
				if c := p.conns[i]; c.view != view.Moderator {
					told++
					r.tell(c, e.frame)
				}
			}
		}
	}
	r.sockets.metrics.sent.Add(float64(told))
}

// enforced notes up to where the SFU does what the stage says. It is told at once, but not more often than every
// pace.commit; of several the newest.
func (r *room) enforced(p view.Position) {
	if r.stage == nil || !p.IsAfter(r.stage.enforced()) {
		return
	}
	r.stage.shown.Enforced, r.drawn = &p, [view.Viewers]drawing{}
	if r.commits {
		return
	}
	r.commits = true
	if wait := r.sockets.pace.commit - r.now.Sub(r.told); wait > 0 {
		r.commit.Reset(wait)
		return
	}
	r.tellEnforced()
}

func (r *room) tellEnforced() {
	r.commits, r.told = false, r.now
	if r.stage == nil || r.stage.enforced() == (view.Position{}) {
		return
	}
	if said, err := encode(positionMessage{"enforced", r.stage.enforced()}); r.said(err) {
		r.tellAll(said)
	}
}

// tellOwnPlaces tells those whose hand an event raised or lowered where they stand now.
func (r *room) tellOwnPlaces(e event) {
	of := r.stage.hands.len()
	if e.user == "" {
		if of == 0 {
			r.tellPlaces()
		}
		return
	}
	p := r.people[id.User(e.user)]
	if p == nil {
		return
	}
	p.place = 0
	if e.kind == handRaised {
		p.place = of // at the end
	}
	r.tellPlaceOf(p, of, nil)
}

// tellPlaces tells everyone whose place, or the number of hands, is another than they were told. One pass counts all.
func (r *room) tellPlaces() {
	if !r.moved {
		return
	}
	r.moved = false
	for _, p := range r.people {
		p.place = 0
	}
	place := 0
	for hand := range r.stage.hands.all() {
		place++
		if p := r.people[id.User(hand.User)]; p != nil {
			p.place = place
		}
	}
	of := r.stage.hands.len()
	none := placeFrame(0, of)
	for _, p := range r.people {
		r.tellPlaceOf(p, of, none)
	}
}

// tellPlaceOf tells a person's connections; none is the frame of those who have no hand up, where it is there already.
func (r *room) tellPlaceOf(p *person, of int, none []byte) {
	said := none
	if p.place > 0 {
		said = nil
	}
	for i := len(p.conns) - 1; i >= 0; i-- {
		c := p.conns[i]
		if c.place == p.place && c.of == of {
			continue
		}
		if said == nil {
			said = placeFrame(p.place, of)
		}
		c.place, c.of = p.place, of
		r.tell(c, said)
	}
}

// keepAlive tells quiet connections that all is as it was, where that is known, and pings.
func (r *room) keepAlive() {
	var still []byte
	if r.stage != nil && r.isCurrent() {
		var err error
		if still, err = encode(positionMessage{"still", r.stage.at}); !r.said(err) {
			return
		}
	}
	for i := len(r.conns) - 1; i >= 0; i-- {
		c := r.conns[i]
		// A tick may come a little early; a client waits for 12 s.
		if still != nil && r.now.Sub(c.toldAt) >= r.sockets.pace.still-r.sockets.pace.tick/2 {
			r.tell(c, still)
		}
		if !c.cutAlready() && r.now.Sub(c.pinged) >= r.sockets.pace.ping {
			c.pinged = r.now
			if !c.out.push(ping) {
				r.dismiss(c, goodbyeOverflow)
			}
		}
	}
}

// said logs what could not be encoded; false: it was not.
func (r *room) said(err error) bool {
	if err != nil {
		r.sockets.cfg.Log.Error("a message could not be written", "error", err)
	}
	return err == nil
}

// ping is never written to.
var ping = frame(opPing, nil)
