package events

import (
	"errors"
	"os"
	"time"
)

// writeAtOnce is how many bytes are tried at once: a connection that takes some of them in pace.write is not stalled.
const writeAtOnce = 16 << 10

// write writes what waits until the connection is cut, and then goodbye. It is the only one that writes.
func (c *conn) write() {
	defer close(c.written)
	defer c.out.close()
	var batch []piece
	for !c.cutAlready() {
		select {
		case <-c.out.ready:
		case <-c.ended:
			continue
		}
		batch = c.out.take(batch)
		if err := c.writeAll(batch); err != nil {
			c.fail(err)
			return
		}
	}
	c.wave()
}

// writeAll writes pieces, small ones together. It stops after a frame where nobody wants the rest any more.
func (c *conn) writeAll(batch []piece) error {
	if len(batch) == 1 {
		defer c.out.wrote(batch)
		return c.writeOut(batch[0].bytes)
	}
	buffer := c.sockets.buffers.Get().(*[writeAtOnce]byte)
	defer c.sockets.buffers.Put(buffer)
	for len(batch) > 0 {
		together, n := buffer[:0], 0
		for n < len(batch) && len(together)+len(batch[n].bytes) <= len(buffer) {
			together = append(together, batch[n].bytes...)
			n++
		}
		if n == 0 { // larger than the buffer
			together, n = batch[0].bytes, 1
		}
		if err := c.writeOut(together); err != nil {
			return err
		}
		c.out.wrote(batch[:n])
		if !batch[n-1].more && c.cutAlready() && !c.bye.flush {
			return nil
		}
		batch = batch[n:]
	}
	return nil
}

// writeOut writes bytes, some of them within each pace.write.
func (c *conn) writeOut(bytes []byte) error {
	for len(bytes) > 0 {
		if err := c.bound(); err != nil {
			return err
		}
		n, err := c.socket.Write(bytes[:min(len(bytes), writeAtOnce)])
		if err != nil && (n == 0 || c.cutAlready() || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
		bytes = bytes[n:]
	}
	return nil
}

// bound sets the time by which the next write must have ended.
func (c *conn) bound() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bye != nil {
		return c.socket.SetWriteDeadline(c.last)
	}
	return c.socket.SetWriteDeadline(time.Now().Add(c.sockets.pace.write))
}

// fail ends a connection that could not be written to.
func (c *conn) fail(err error) {
	bye := goodbyeLost
	if errors.Is(err, os.ErrDeadlineExceeded) {
		bye = goodbyeStalled
	}
	c.cut(bye)
	c.socket.Close()
}

// wave says goodbye, after what waits where that is still to be heard.
func (c *conn) wave() {
	bye := c.bye // written before ended was closed
	if bye.flush {
		if err := c.writeAll(c.out.take(nil)); err != nil {
			c.socket.Close()
			return
		}
	}
	if bye.code == 0 || c.writeOut(bye.closeFrame()) != nil {
		c.socket.Close()
		return
	}
	if half, ok := c.socket.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // all is said
	}
	_ = c.socket.SetReadDeadline(time.Now().Add(c.sockets.pace.grace))
}
