package events

import (
	"rostrum/mobile-api/view"
)

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
	case c.from == view.Position{}:
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
	if r.stage.shown.State == view.StateEnded {
		r.dismiss(c, farewellTo(errEnded))
	}
}

// unlogged answers what a connection is told after a resume: what is in no event.
func (r *room) unlogged(c *conn) []piece {
	c.place, c.of = r.stage.hands.place(string(c.who.User)), r.stage.hands.len()
	told := []piece{{bytes: placeFrame(c.place, c.of)}}
	if r.stage.enforced() == (view.Position{}) {
		return told
	}
	said, err := encode(positionMessage{"enforced", r.stage.enforced()})
	if !r.said(err) {
		return told
	}
	return append(told, piece{bytes: said})
}

// show sends a connection the whole stage in the view of its person.
func (r *room) show(c *conn) {
	user := string(c.who.User)
	c.view = r.stage.shown.ViewerOf(user)
	delete(r.watching, c)
	if c.view == view.Moderator {
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

// drawing is an encoded stage.
type drawing struct {
	valid bool
	text  []byte
}

// draw encodes the stage once for everyone who sees it as it is now.
func (r *room) draw(v view.Viewer) ([]byte, error) {
	if d := &r.drawn[v]; !d.valid {
		text, err := r.stage.encode(v)
		if err != nil {
			return nil, err
		}
		*d = drawing{true, text}
	}
	return r.drawn[v].text, nil
}
