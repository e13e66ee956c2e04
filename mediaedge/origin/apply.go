package origin

import (
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
)

// apply takes over a change of the stage: who may speak first, then what the audience is told, then that it is done.
func (r *room) apply(c change) {
	if !c.lost.IsZero() {
		r.unheard = c.lost
		r.doubt.Reset(time.Until(c.lost.Add(r.wait.doubt)))
		return
	}
	if !r.unheard.IsZero() {
		r.unheard = time.Time{}
		r.doubt.Stop()
		r.media.Trust()
	}
	if c.snapshot != nil || c.kind != changeNothing {
		r.change(c)
	}
	r.stage.position = c.at()
	r.program.SetLog(r.stage.position)
	r.enforced.note(r.stage.position, c.snapshot != nil || c.kind.voices())
}

// change takes over what is more than a position.
func (r *room) change(c change) {
	before := r.stage
	after, told := before.with(c)
	r.stage = after
	enforce(r, before, after)
	if told.Kind != 0 {
		r.program.Note(told, r.clock.At(time.Now()))
	}
	if told.Kind != 0 || c.snapshot != nil {
		r.draw()
		r.seated.tell(after)
	}
	if c.snapshot != nil {
		r.compare()
		for _, user := range after.removed { // they still are
			r.revoke(user, time.Now())
		}
	}
	if c.kind == changeRemoved {
		r.revoke(c.user, c.wall)
	}
	if after.ended && r.last == 0 {
		r.last = max(audio.NumberAt(r.clock.At(time.Now())), r.program.Next())
	}
}

// revoke ends the listening of a person who was out of the room at a time, on every edge. No grant is given to a removed
// person, so that all there are from before were issued by then; they count whole seconds. What is told late must not end
// the grants of who was readmitted meanwhile.
func (r *room) revoke(user string, at time.Time) {
	if at.IsZero() {
		at = time.Now()
	}
	r.relay.Revoke(relay.Revocation{Subject: user, IssuedBefore: at.Truncate(time.Second).Add(time.Second)})
}

func (r *room) admit(o audio.Occupant) {
	r.media.Allow(o.Seat, id.User(o.User), silent(o))
	r.sources[o.Seat] = 0
	r.open(o)
}

// open makes a lane for whoever publishes in a seat now.
func (r *room) open(o audio.Occupant) {
	r.program.Admit(o.Seat, r.media.Timeline(o.Seat))
	r.program.Mute(o.Seat, silent(o))
}

// dismiss ends what is heard from a seat. What waits in the queue is the person's, not the next one's.
func (r *room) dismiss(o audio.Occupant) {
	r.media.Deny(o.Seat)
	r.presence.forget(id.User(o.User))
	delete(r.awaited, o.User)
	r.drain()
	r.program.Dismiss(o.Seat)
}

// mute closes a seat's microphone, with all that waits in the queue, or opens it.
func (r *room) mute(seat audio.Seat, muted bool) {
	r.media.Mute(seat, muted)
	if muted {
		r.drain()
	}
	r.program.Mute(seat, muted)
}

// hearNews passes on which microphones were found and lost.
func (r *room) hearNews() {
	for _, news := range r.media.News() {
		if r.stage.seats[news.Seat].User != string(news.User) {
			continue
		}
		if !news.Lost {
			r.presence.found(news.User, news.Session)
			continue
		}
		r.log.Info("a speaker's session was lost; the seat stays for a while", "seat", news.Seat, "session", news.Session)
		r.presence.lost(news.User)
	}
}

// compare says again how it is with those of whom a whole stage may be wrong: events can be lost with a term.
func (r *room) compare() {
	for _, o := range r.stage.seats {
		r.presence.again(id.User(o.User), o.Away)
	}
}

// expect notes who was on stage when the origin began, and should bring a session to it.
func (r *room) expect() {
	r.awaited = map[string]bool{}
	for _, o := range r.stage.seats {
		r.awaited[o.User] = true
	}
}

// miss reports those whom the stage took for connected when the origin began and who have brought no session to it.
func (r *room) miss() {
	for _, o := range r.stage.seats {
		if r.awaited[o.User] && !o.Away {
			r.presence.missing(id.User(o.User))
		}
	}
	r.awaited = nil
}
