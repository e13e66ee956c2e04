package edge

import (
	"time"

	"rostrum/internal/fault"
)

// lookEvery is how many retries pass between two looks at every listener.
const lookEvery = 10

// retry goes on with those who lag or leave, and now and then looks at everyone.
func (s *shard) retry() {
	lagging := s.lagging
	s.lagging = nil
	for _, c := range lagging {
		c.lagging = false
		switch {
		case c.stage >= ending:
		case s.now.since(c.progress) > s.edge.cfg.StallAfter:
			s.dismiss(c, tooSlow(ReasonStalled, c.next))
		case c.stage == playing:
			c.deliver(c.track.ring.View(), s.now)
		case len(c.out) > 0:
			c.interject(c.track.ring.View(), s.now)
		}
	}
	going := s.ending
	s.ending = nil
	for _, c := range going {
		if s.depart(c); c.stage != gone {
			s.ending = append(s.ending, c)
		}
	}
	if s.ticks++; s.ticks%lookEvery == 0 {
		s.look()
	}
}

// look judges every listener: who is counted, whose grant has ended, who waits in vain.
func (s *shard) look() {
	wall, changes := time.Now(), s.edge.cfg.Verifier.Changes()
	rekeyed := changes != s.changes
	s.changes = changes
	for ring, t := range s.tracks {
		counted := uint64(0)
		v := ring.View()
		t.each(func(c *conn) {
			switch {
			case wall.After(c.expires), rekeyed && !s.edge.cfg.Verifier.Knows(c.key):
				s.dismiss(c, goodbyeExpired())
			case c.stage == opening && s.now.since(c.opened) > audioWithin:
				s.dismiss(c, farewell(ReasonNoAudio, fault.New(fault.CodeUnavailable, "no audio came to this edge yet; resume elsewhere")))
			case s.now.since(instant(c.heard.Load())) <= ackWithin:
				counted++
			}
		})
		if t.idle { // nothing came for a while: who waits for a phase need not
			t.all()
			t.Wake()
		}
		if t.idle = true; t.over {
			t.finish(v)
		}
		t.hosted.audience.set(t, counted)
		if t.empty() {
			s.forget(t)
		}
	}
}
