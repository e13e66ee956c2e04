package edge

import (
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/mediaedge/relay"
)

const (
	// lagEvery is how often listeners are tried again that did not take or did not get everything.
	lagEvery = 200 * time.Millisecond
	// lookEvery is how many of those pass between two looks at every listener.
	lookEvery = 10
	// maxOutBytes bounds what waits to be said between two frames.
	maxOutBytes = 64 << 10
)

// instant is a moment of the edge's monotonic clock, in nanoseconds since it began.
type instant int64

func (i instant) add(d time.Duration) instant        { return i + instant(d) }
func (i instant) since(before instant) time.Duration { return time.Duration(i - before) }

// shard owns listeners: it alone writes to their sockets.
type shard struct {
	// static
	edge   *Edge
	signal relay.Signal

	// owned by run
	now     instant
	writer  writer
	tracks  map[*relay.Ring]*track
	lagging []*conn
	ending  []*conn
	conns   int
	ticks   int
	leaving bool
	bytes   int // sent since the last count
	tries   int

	mu      sync.Mutex
	joining []*conn
	mail    []*conn // those with a letter
	woken   []*track
}

func newShard(e *Edge) *shard {
	return &shard{edge: e, signal: relay.NewSignal(), tracks: map[*relay.Ring]*track{}}
}

// run serves until the edge has quit and nobody is left.
func (s *shard) run() {
	ticker := time.NewTicker(lagEvery)
	defer ticker.Stop()
	closing, quit, abort := s.edge.life.Done(), s.edge.quit, s.edge.abort
	var quitting bool
	for !quitting || s.conns > 0 {
		select {
		case <-s.signal:
		case <-ticker.C:
			s.tick()
			s.retry()
		case <-closing:
			closing, s.leaving = nil, true
			s.each(func(c *conn) { s.dismiss(c, goodbyeLeaving) })
		case <-quit:
			quit, quitting = nil, true
		case <-abort:
			abort = nil
			s.each(func(c *conn) { s.drop(c, ReasonLeaving) })
			for _, c := range s.ending {
				s.drop(c, ReasonLeaving)
			}
		}
		s.tick()
		for s.turn() {
			s.tick()
		}
		s.report()
	}
	for _, t := range s.tracks {
		s.forget(t)
	}
}

// turn does what waits and answers whether something is left. A ring is served for a bounded time, then others and
// those who join have their turn.
func (s *shard) turn() (more bool) {
	s.mu.Lock()
	joining, mail, woken := s.joining, s.mail, s.woken
	s.joining, s.mail, s.woken = nil, nil, nil
	s.mu.Unlock()
	for _, c := range joining {
		s.admit(c)
	}
	for _, c := range mail {
		s.open(c)
	}
	for _, t := range woken {
		t.queued.Store(false)
		began := s.tick()
		v := t.ring.View()
		t.begin(v)
		if t.run(v) {
			t.Wake()
			more = true
		} else if t.over {
			t.finish(v)
		}
		s.edge.metrics.pass.Observe(s.tick().since(began).Seconds())
	}
	return more
}

// tick reads the clock.
func (s *shard) tick() instant {
	s.now = s.edge.now()
	return s.now
}

// join hands a connection to the shard.
func (s *shard) join(c *conn) {
	s.mu.Lock()
	s.joining = append(s.joining, c)
	s.mu.Unlock()
	s.signal.Wake()
}

// enqueue has a track served. Its queued flag bounds the list.
func (s *shard) enqueue(t *track) {
	s.mu.Lock()
	s.woken = append(s.woken, t)
	s.mu.Unlock()
	s.signal.Wake()
}

// admit takes a connection in and serves it at once.
func (s *shard) admit(c *conn) {
	s.conns++
	c.socket.lend(&s.writer)
	c.opened, c.progress = s.now, s.now
	c.heard.Store(int64(s.now))
	s.edge.readers.Go(c.listen)
	c.track = s.track(c)
	v := c.track.ring.View()
	switch {
	case s.leaving:
		s.dismiss(c, goodbyeLeaving)
	case c.hosted.room.Revoked(c.subject, c.issued):
		s.dismiss(c, goodbyeRevoked())
	case v.Empty() && c.hosted.room.Ended():
		s.dismiss(c, goodbyeEnded())
	case v.Empty():
		c.track.opening = append(c.track.opening, c)
	default:
		c.track.start(c, v)
		if c.track.over {
			c.track.finish(v)
		}
	}
}

// track answers the track of a connection's ring, made where there is none.
func (s *shard) track(c *conn) *track {
	ring := c.hosted.room.Ring(c.wish.rendition)
	if t := s.tracks[ring]; t != nil {
		return t
	}
	_, applied := c.hosted.room.Revocations(0)
	t := &track{shard: s, hosted: c.hosted, ring: ring, seen: ring.View().Newest(), revoked: applied, over: c.hosted.room.Ended()}
	t.leave = []func(){ring.Subscribe(t), c.hosted.room.Subscribe(roomWaker{t})}
	s.tracks[ring] = t
	roomWaker{t}.Wake() // what changed before the subscription
	return t
}

// dismiss says goodbye and ends a connection; what was begun is finished first.
func (s *shard) dismiss(c *conn, bye goodbye) {
	if c.stage >= ending {
		return
	}
	s.edge.metrics.closed(bye.reason)
	s.unlist(c)
	c.stage, c.since = ending, s.now
	c.out = bye.appendClose(c.out)
	s.ending = append(s.ending, c)
	s.depart(c)
}

// depart goes on with a goodbye.
func (s *shard) depart(c *conn) {
	if c.stage == ending && (len(c.out) == 0 || c.interject(c.track.ring.View(), s.now)) {
		c.stage = waving
		c.socket.closeWrite()
	}
	if c.stage != gone && s.now.since(c.since) > goodbyeWithin {
		s.drop(c, ReasonLost)
	}
}

// drop ends a connection at once.
func (s *shard) drop(c *conn, reason Reason) {
	if c.stage == gone {
		return
	}
	if c.stage < ending {
		s.edge.metrics.closed(reason)
	}
	s.unlist(c)
	c.stage = gone
	c.out = nil
	c.socket.Close()
	s.conns--
	s.edge.leave(c)
}

// unlist takes a connection out of its lane.
func (s *shard) unlist(c *conn) {
	if c.lane != nil {
		c.lane.remove(c)
	}
	if c.stage == opening && c.track != nil {
		for i, other := range c.track.opening {
			if other == c {
				c.track.opening = append(c.track.opening[:i:i], c.track.opening[i+1:]...)
				break
			}
		}
	}
}

// lag has a connection tried again soon.
func (s *shard) lag(c *conn) {
	if !c.lagging {
		c.lagging = true
		s.lagging = append(s.lagging, c)
	}
}

// delivered counts a try.
func (s *shard) delivered(n int) {
	s.bytes += n
	s.tries++
}

func (s *shard) report() {
	if s.tries > 0 {
		s.edge.metrics.bytes.Add(float64(s.bytes))
		s.edge.metrics.deliveries.Add(float64(s.tries))
		s.bytes, s.tries = 0, 0
	}
}

// each calls visit with every connection that is not ending.
func (s *shard) each(visit func(*conn)) {
	for _, t := range s.tracks {
		t.each(visit)
	}
}

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
	wall := time.Now()
	for ring, t := range s.tracks {
		counted := uint64(0)
		v := ring.View()
		t.each(func(c *conn) {
			switch {
			case wall.After(c.expires):
				s.dismiss(c, farewell(ReasonExpired, fault.New(fault.CodeExpired, "the grant has ended; get another and resume")))
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

func (s *shard) forget(t *track) {
	for _, leave := range t.leave {
		leave()
	}
	t.hosted.audience.set(t, 0)
	delete(s.tracks, t.ring)
}
