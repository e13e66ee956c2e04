package edge

import (
	"sync"
	"time"

	"rostrum/mediaedge/relay"
)

// lagEvery is how often listeners are tried again that did not take or did not get everything.
const lagEvery = 200 * time.Millisecond

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
	changes uint64 // of keys, at the last look
	leaving bool
	bytes   int // since the last count; so are tries and partial
	tries   int
	partial int // tries of which something waits

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
		began := s.tick()
		s.edge.metrics.late.Observe(began.since(t.wokenAt).Seconds())
		t.queued.Store(false)
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
	case !s.edge.cfg.Verifier.Knows(c.key):
		s.dismiss(c, goodbyeExpired())
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

// lag has a connection tried again soon.
func (s *shard) lag(c *conn) {
	if !c.lagging {
		c.lagging = true
		s.lagging = append(s.lagging, c)
	}
}

// delivered counts a try.
func (s *shard) delivered(n int, clear bool) {
	s.bytes += n
	s.tries++
	if !clear {
		s.partial++
	}
}

func (s *shard) report() {
	if s.tries > 0 {
		s.edge.metrics.bytes.Add(float64(s.bytes))
		s.edge.metrics.deliveries.Add(float64(s.tries))
		s.edge.metrics.partial.Add(float64(s.partial))
		s.bytes, s.tries, s.partial = 0, 0, 0
	}
}

// each calls visit with every connection that is not ending.
func (s *shard) each(visit func(*conn)) {
	for _, t := range s.tracks {
		t.each(visit)
	}
}

func (s *shard) forget(t *track) {
	for _, leave := range t.leave {
		leave()
	}
	t.hosted.audience.set(t, 0)
	delete(s.tracks, t.ring)
}
