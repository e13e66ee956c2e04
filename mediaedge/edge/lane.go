package edge

import (
	"time"

	"rostrum/mediaedge/relay"
)

const (
	// passBudget is how long one ring is served before others get their turn.
	passBudget = 50 * time.Millisecond
	// passStride is how many deliveries are made between two looks at the clock.
	passStride = 64
)

// lane is a list of listeners that are served together.
type lane struct {
	conns []*conn
	at    int // next to be served, downwards, so that who joins meanwhile waits for the next pass
	left  int // still to be served in this pass
}

// due starts a pass. One that was not finished goes on from where it is, so that nobody is passed over twice.
func (l *lane) due() {
	if l.left == 0 {
		l.at = len(l.conns) - 1
	}
	l.left = len(l.conns)
}

// run goes on with the pass until it is done or the time is up, and answers whether something is left.
func (l *lane) run(s *shard, v *relay.View, until instant) (more bool) {
	for n := 1; l.left > 0 && len(l.conns) > 0; n++ {
		if l.at < 0 || l.at >= len(l.conns) {
			l.at = len(l.conns) - 1
		}
		c := l.conns[l.at]
		l.at--
		l.left--
		c.deliver(v, s.now)
		if n%passStride == 0 && s.tick() > until {
			return l.left > 0
		}
	}
	l.left = 0
	return false
}

func (l *lane) add(c *conn) {
	c.lane, c.at = l, len(l.conns)
	l.conns = append(l.conns, c)
}

// remove fills the hole with the last one.
func (l *lane) remove(c *conn) {
	last := len(l.conns) - 1
	l.conns[c.at] = l.conns[last]
	l.conns[c.at].at = c.at
	l.conns[last] = nil
	l.conns = l.conns[:last]
	c.lane = nil
}

func (l *lane) each(visit func(*conn)) {
	for i := len(l.conns) - 1; i >= 0; i-- {
		if i < len(l.conns) {
			visit(l.conns[i])
		}
	}
}
