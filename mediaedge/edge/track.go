package edge

import (
	"sync/atomic"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
)

// track is the listeners of one ring on one shard.
type track struct {
	// static
	shard  *shard
	hosted *hosted
	ring   *relay.Ring
	leave  []func() // ends the subscriptions

	queued  atomic.Bool // in shard.woken
	wokenAt instant     // owned by who sets queued, then by the shard until it clears it
	changed atomic.Bool // the room: its revocations, its end

	// owned by the shard
	opening []*conn
	every   lane              // those with every batch
	phases  [everySecond]lane // those with every fifth: number n is the end of phase n mod 5
	seen    audio.Number      // newest number that was handed out
	idle    bool              // nothing was handed out since the last look
	revoked uint64            // revocations that were applied
	over    bool              // the room has ended
}

// Wake has the shard look at the ring. It is called by whoever appends.
func (t *track) Wake() {
	if t.queued.CompareAndSwap(false, true) {
		t.wokenAt = t.shard.edge.now()
		t.shard.enqueue(t)
	}
}

// roomWaker has the shard look at what the room itself says.
type roomWaker struct{ *track }

func (w roomWaker) Wake() {
	w.changed.Store(true)
	w.track.Wake()
}

// begin takes note of what is due since the last look.
func (t *track) begin(v *relay.View) {
	if !v.Empty() {
		for _, c := range t.opening {
			t.start(c, v)
		}
		t.opening = nil
	}
	newest := v.Newest()
	if newest > t.seen {
		t.every.due()
		for n := max(t.seen+1, newest-min(newest, audio.Number(everySecond-1))); n <= newest; n++ {
			t.phases[n%audio.Number(everySecond)].due()
		}
		t.seen, t.idle = newest, false
	}
	if t.changed.Swap(false) {
		t.enforce()
		if t.hosted.room.Ended() {
			t.over = true
			t.all()
		}
	}
}

// start opens a connection and serves it at once.
func (t *track) start(c *conn, v *relay.View) {
	if c.stage != opening {
		return
	}
	c.open(v)
	if c.stage == playing {
		t.place(c)
		c.deliver(v, t.shard.now)
	}
}

// place puts a connection into the lane of its cadence, there into the emptiest phase.
func (t *track) place(c *conn) {
	chosen := &t.every
	if c.cadence == everySecond {
		chosen = &t.phases[0]
		for i := range t.phases {
			if len(t.phases[i].conns) < len(chosen.conns) {
				chosen = &t.phases[i]
			}
		}
	}
	chosen.add(c)
}

// run serves what is due for as long as the budget lasts and answers whether something is left.
func (t *track) run(v *relay.View) (more bool) {
	until := t.shard.now.add(passBudget)
	if t.every.run(t.shard, v, until) {
		return true
	}
	for i := range t.phases {
		if t.phases[i].run(t.shard, v, until) {
			return true
		}
	}
	return false
}

// enforce ends the connections whose grants were revoked.
func (t *track) enforce() {
	fresh, total := t.hosted.room.Revocations(t.revoked)
	t.revoked = total
	if len(fresh) == 0 {
		return
	}
	t.each(func(c *conn) {
		for _, r := range fresh {
			if c.subject == r.Subject && c.issued.Before(r.IssuedBefore) {
				t.shard.dismiss(c, goodbyeRevoked())
				return
			}
		}
	})
}

// finish ends those who have everything of a room that is over.
func (t *track) finish(v *relay.View) {
	t.each(func(c *conn) {
		if c.stage == opening || c.stage == playing && c.caughtUp(v) {
			t.shard.dismiss(c, goodbyeEnded())
		}
	})
}

func (t *track) all() {
	t.every.due()
	for i := range t.phases {
		t.phases[i].due()
	}
}

// each calls visit with every connection; visit may remove the one it is called with.
func (t *track) each(visit func(*conn)) {
	for i := len(t.opening) - 1; i >= 0; i-- {
		visit(t.opening[i])
	}
	t.every.each(visit)
	for i := range t.phases {
		t.phases[i].each(visit)
	}
}

func (t *track) empty() bool {
	for i := range t.phases {
		if len(t.phases[i].conns) > 0 {
			return false
		}
	}
	return len(t.every.conns) == 0 && len(t.opening) == 0
}

func goodbyeRevoked() goodbye {
	return farewell(ReasonRevoked, fault.New(fault.CodeForbidden, "the grant was revoked"))
}

func goodbyeEnded() goodbye {
	return farewell(ReasonEnded, fault.New(fault.CodeEnded, "the room is over"))
}

func goodbyeExpired() goodbye {
	return farewell(ReasonExpired, fault.New(fault.CodeExpired, "the grant has ended; get another and resume"))
}
