package edge

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
