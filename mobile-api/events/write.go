package events

import (
	"errors"
	"os"
	"time"
)

// writeMost bounds one write: a connection has pace.write for each.
const writeMost = 32 << 10

// write writes what waits until the connection is cut, then says why, and ends it. It is the only one to write to the
// connection.
func (c *conn) write() {
	defer c.net.Close()
	var taken []piece
	for {
		select {
		case <-c.out.ready:
			taken = c.out.take(taken)
			if err := c.writeAll(taken); err != nil {
				c.cut(endOfWrite(err))
				c.finish(false, false)
				return
			}
			c.out.wrote(taken)
		case <-c.over:
			c.finish(true, c.bye.flush)
			return
		}
	}
}

// finish writes what waits where it should, and the close frame where what was written before is whole.
func (c *conn) finish(whole, flush bool) {
	c.sockets.metrics.ends.WithLabelValues(string(c.bye.reason)).Inc()
	if flush {
		whole = c.writeAll(c.out.take(nil)) == nil
	}
	c.out.close()
	if !whole || c.bye.code == 0 {
		return
	}
	if _, err := c.net.Write(c.bye.closeFrame()); err != nil {
		return
	}
	c.awaitClose()
}

// writeAll writes frames. After an error the last one may be there in part.
func (c *conn) writeAll(pieces []piece) error {
	for _, p := range pieces {
		for rest := p.bytes; len(rest) > 0; {
			n := min(len(rest), writeMost)
			c.extend()
			if _, err := c.net.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// extend gives the next write its time, unless the connection is cut: then all that is left has the time from cut.
func (c *conn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cutLocked() {
		_ = c.net.SetWriteDeadline(time.Now().Add(c.sockets.pace.write))
	}
}

// awaitClose gives the client a moment to answer, so that what was written arrives before the connection ends.
func (c *conn) awaitClose() {
	_ = c.net.SetReadDeadline(time.Now().Add(c.sockets.pace.grace))
	select {
	case <-c.unread:
	case <-time.After(c.sockets.pace.grace):
	}
}

func endOfWrite(err error) goodbye {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return goodbyeStalled
	}
	return goodbyeLost
}
