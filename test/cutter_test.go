package test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// cutter is a way to a server on which connections are cut at random moments, a number of times.
type cutter struct {
	address string // of the server
	door    net.Listener
	running sync.WaitGroup

	mu     sync.Mutex
	random *rand.Rand
	left   int // cuts
	conns  map[net.Conn]bool
	closed bool
}

// newCutter makes a way to the server of a URL; the answer's url leads over it.
func newCutter(t testing.TB, server string, cuts int, seed uint64) (c *cutter, way string) {
	t.Helper()
	to, err := url.Parse(server)
	must(t, err)
	door, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c = &cutter{address: to.Host, door: door, random: rand.New(rand.NewPCG(seed, 5)), left: cuts, conns: map[net.Conn]bool{}}
	c.running.Go(c.accept)
	t.Cleanup(c.close)
	return c, "http://" + door.Addr().String()
}

func (c *cutter) accept() {
	for {
		near, err := c.door.Accept()
		if err != nil {
			return
		}
		far, err := net.DialTimeout("tcp", c.address, patience)
		if err != nil {
			near.Close()
			continue
		}
		c.carry(near.(*net.TCPConn), far.(*net.TCPConn))
	}
}

// fate is when a connection is cut, whatever comes first, and whether with a reset.
type fate struct {
	after time.Duration // 0: never
	bytes int64         // towards the client
	reset bool
}

// fate draws the next connection's. One in eight dies young: while it is being opened. The others carry more than happens
// meanwhile, or nobody would ever get to the end.
func (c *cutter) fate() fate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return fate{bytes: 1 << 62}
	}
	c.left--
	f := fate{after: time.Duration(c.random.Int64N(int64(50*time.Millisecond))) + time.Millisecond, bytes: c.random.Int64N(40_000)}
	if c.random.IntN(8) == 0 {
		f.bytes = c.random.Int64N(400)
	}
	f.reset = c.random.IntN(2) == 0
	return f
}

// carry passes bytes both ways until an end leaves or fate comes.
func (c *cutter) carry(near, far *net.TCPConn) {
	f := c.fate()
	if !c.hold(near, far) {
		return
	}
	var once sync.Once
	cut := func() {
		once.Do(func() {
			if f.reset {
				_ = near.SetLinger(0) // fails on a connection that is gone
				_ = far.SetLinger(0)
			}
			c.drop(near, far)
		})
	}
	var timer *time.Timer
	if f.after > 0 {
		timer = time.AfterFunc(f.after, cut)
	}
	c.running.Go(func() {
		defer cut()
		_, _ = io.Copy(far, near)
	})
	c.running.Go(func() {
		defer cut()
		_, _ = io.CopyN(near, far, f.bytes)
		if timer != nil {
			timer.Stop()
		}
	})
}

func (c *cutter) hold(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		if c.closed {
			conn.Close()
		}
		c.conns[conn] = true
	}
	return !c.closed
}

func (c *cutter) drop(conns ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(c.conns, conn)
	}
}

// remaining is how many cuts are to come.
func (c *cutter) remaining() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left
}

func (c *cutter) close() {
	c.door.Close()
	c.mu.Lock()
	c.closed = true
	for conn := range c.conns {
		conn.Close()
	}
	c.mu.Unlock()
	c.running.Wait()
}
