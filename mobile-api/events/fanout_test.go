package events

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
)

// nowhere takes everything.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error)      { return len(b), nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) SetReadDeadline(time.Time) error  { return nil }
func (nowhere) Close() error                     { return nil }

// BenchmarkFanOut has one event written to a thousand sockets.
func BenchmarkFanOut(b *testing.B) {
	const sockets = 1000
	log := newFakeLog(ada)
	x := newTable(b, log)
	var conns []*conn
	for i := range sockets {
		c := newConn(x.sockets, nowhere{}, nil)
		c.who = intent.Person{User: id.User(fmt.Sprint("us_", i))}
		go c.write()
		x.join(c)
		conns = append(conns, c)
	}
	wire := mutedBy(ada, ada, 1)
	log.happen(wire)
	e := readEvent(wire)
	said, err := newEntry(e)
	if err != nil {
		b.Fatal(err)
	}
	idle := func(c *conn) bool { c.out.mu.Lock(); defer c.out.mu.Unlock(); return c.out.count == 0 }
	b.ReportAllocs()
	for b.Loop() {
		x.happened(e, said)
		for _, c := range conns {
			for !idle(c) {
				runtime.Gosched()
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sockets, "ns/socket")
	if len(x.conns) != sockets {
		b.Errorf("%d sockets are left", len(x.conns))
	}
	for _, c := range conns {
		c.cut(goodbyeLost)
		<-c.written
	}
}
