package edge

import (
	"rostrum/mediaedge/relay"
)

// maxOutBytes bounds what waits to be said between two frames.
const maxOutBytes = 64 << 10

// letter is what a connection's reader has for the shard. It is bounded: of each kind the newest counts.
type letter struct {
	waiting bool
	ping    bool
	pong    []byte
	cadence cadence // 0: as it is
	bye     *goodbye
	left    bool // the connection has ended
}

// post lets the reader write into the connection's letter.
func (s *shard) post(c *conn, write func(*letter)) {
	s.mu.Lock()
	write(&c.letter)
	if !c.letter.waiting {
		c.letter.waiting = true
		s.mail = append(s.mail, c)
	}
	s.mu.Unlock()
	s.signal.Wake()
}

// open reads a connection's letter.
func (s *shard) open(c *conn) {
	s.mu.Lock()
	l := c.letter
	c.letter = letter{}
	s.mu.Unlock()
	if l.bye != nil {
		s.dismiss(c, *l.bye)
	}
	if l.left {
		s.drop(c, ReasonLost)
	}
	if c.stage >= ending {
		return
	}
	if l.cadence != 0 && l.cadence != c.cadence {
		c.cadence = l.cadence
		if c.lane != nil {
			c.lane.remove(c)
			c.track.place(c)
		}
	}
	if l.ping && len(c.out)+len(l.pong) < maxOutBytes {
		c.out = relay.AppendHeader(c.out, bitFinal|opPong, len(l.pong))
		c.out = append(c.out, l.pong...)
		if c.stage == playing {
			c.interject(c.track.ring.View(), s.now)
		}
	}
}
