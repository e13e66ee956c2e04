package events

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"rostrum/internal/testkit"
)

// deafTo opens a socket by hand, with a small window, and never reads what comes after the upgrade.
func (w *world) deafTo(user string) net.Conn {
	w.t.Helper()
	dialer := net.Dialer{Timeout: long, Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if also := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) }); also != nil {
			return also
		}
		return err
	}}
	conn, err := dialer.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /v1/rooms/%s/events HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s, token-%s\r\n\r\n", theRoom, Subprotocol, user)
	_ = conn.SetReadDeadline(time.Now().Add(long))
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		w.t.Fatalf("upgrade: %v, %v", answer, err)
	}
	return conn
}

// inGo is the memory of this process that Go holds for values and stacks.
func inGo() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// inKernel is what all TCP sockets of this machine hold, in bytes.
func inKernel() float64 {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0
	}
	var pages float64
	for line := range strings.Lines(string(text)) {
		if _, after, found := strings.Cut(line, " mem "); found && strings.HasPrefix(line, "TCP:") {
			_, _ = fmt.Sscan(after, &pages)
		}
	}
	return pages * float64(os.Getpagesize())
}

// A thousand sockets that never read while ten thousand events pass hold little, are cut with a reason, and take nothing
// from one that reads.
func TestAThousandThatNeverRead(t *testing.T) {
	const deaf, events, batch = 1000, 10_000, 50
	log, p := newFakeLog(ada), quick()
	p.write, p.grace = 10*time.Second, time.Second
	w := newWorld(t, p, log)
	healthy, _ := w.open(ada)
	before, kernel := inGo(), inKernel()
	for i := range deaf {
		w.deafTo(fmt.Sprintf("us_deaf%d", i))
	}
	w.await("rostrum_events_opens_total", "fresh", deaf+1)
	idle := (inGo() - before) / deaf
	var most, mostKernel float64
	begun, offset := time.Now(), uint64(10)
	for i := 0; i < events; i += batch {
		for j := range batch {
			log.happen(busy(i + j))
		}
		for range batch {
			s := healthy.nextOf("event")
			if offset++; s.Position.Offset != offset {
				t.Fatalf("the healthy one is told %s, want %d", s.text, offset)
			}
		}
		if i%(10*batch) == 0 {
			most, mostKernel = max(most, inGo()-before), max(mostKernel, inKernel()-kernel)
		}
	}
	took := time.Since(begun)
	testkit.Eventually(t, long, func() error {
		cut := w.counted("rostrum_events_closes_total", string(reasonOverflow)) + w.counted("rostrum_events_closes_total", string(reasonStalled))
		open := w.counted("rostrum_events_sockets", "")
		if cut != deaf || open != 1 {
			return fmt.Errorf("%v were cut, %v are open", cut, open)
		}
		return nil
	})
	t.Logf("a socket holds %.0f bytes of Go memory when idle, %.0f at most (both ends), and %.0f in the kernel; %d events in %v",
		idle, most/deaf, mostKernel/deaf, events, took.Round(time.Millisecond))
	if most/deaf > 96<<10 {
		t.Errorf("%.0f bytes of Go memory for each", most/deaf)
	}
}

// A client that is slow, but takes what it is sent, gets a stage of several megabytes, and then what happens.
func TestALargeStageForASlowClient(t *testing.T) {
	log := newFakeLog(ada)
	for i := range 20_000 {
		log.happen(raisedBy(fmt.Sprintf("us_hand%05d", i), strings.Repeat("n", 60)))
	}
	p := quick()
	p.write = 2 * time.Second
	w := newWorld(t, p, log)
	w.dial(ada, "").nextOf("hello") // the room is followed
	from := log.position().Offset
	conn := w.deafTo(ada)
	for range 100 { // while the stage is being sent
		log.happen(mutedBy(ada, ada, 1))
	}
	c := &slow{Conn: conn}
	begun, size, last := time.Now(), 0, ""
	for last == "" || !strings.Contains(last, fmt.Sprintf(`"offset":%d`, from+100)) {
		text, err := c.frame()
		if err != nil {
			t.Fatalf("after %d bytes: %v", c.read, err)
		}
		size, last = max(size, len(text)), string(text[:min(len(text), 200)])
	}
	if size < 3<<20 {
		t.Errorf("the stage had %d bytes", size)
	}
	if took := time.Since(begun); took < p.write {
		t.Errorf("taken in %v: fast enough to be written at once", took)
	}
	t.Logf("a stage of %d bytes, taken in %v", size, time.Since(begun).Round(time.Millisecond))
}

// slow reads frames little by little, a megabyte a second.
type slow struct {
	net.Conn
	read int
}

func (s *slow) frame() ([]byte, error) {
	_ = s.SetReadDeadline(time.Now().Add(long))
	head := make([]byte, 2)
	if err := s.fill(head); err != nil {
		return nil, err
	}
	n := int(head[1])
	if more := map[int]int{126: 2, 127: 8}[n]; more > 0 {
		long := make([]byte, more)
		if err := s.fill(long); err != nil {
			return nil, err
		}
		n = 0
		for _, b := range long {
			n = n<<8 | int(b)
		}
	}
	body := make([]byte, n)
	return body, s.fill(body)
}

func (s *slow) fill(to []byte) error {
	for len(to) > 0 {
		n, err := s.Read(to[:min(len(to), 64<<10)])
		if err != nil {
			return err
		}
		s.read += n
		<-time.After(time.Duration(n) * time.Microsecond)
		to = to[n:]
	}
	return nil
}

// One that cannot take more is told why as soon as it reads again, at the end of a frame.
func TestWhoOverflowsIsToldWhy(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	conn := w.deafTo(noor)
	w.await("rostrum_events_opens_total", "fresh", 1)
	healthy, _ := w.open(ada)
	for i := 0; w.counted("rostrum_events_closes_total", string(reasonOverflow)) == 0; i++ {
		if i > 2000 {
			t.Fatal("never cut")
		}
		for range 20 {
			log.happen(seatedBy("us_"+strings.Repeat("long", 20), 2), unseatedBy("us_"+strings.Repeat("long", 20), 2))
		}
		for range 40 {
			healthy.nextOf("event")
		}
	}
	c := &slow{Conn: conn}
	events := 0
	for {
		text, err := c.frame()
		if err != nil {
			t.Fatalf("after %d events: %v", events, err)
		}
		if strings.Contains(string(text), `"type":"event"`) {
			events++
		}
		if len(text) > 2 && text[0] == 4503>>8 && text[1] == 4503&0xff {
			if !strings.HasPrefix(string(text[2:]), "too_slow: ") {
				t.Errorf("closed with %s", text[2:])
			}
			break
		}
	}
	if rest, err := c.frame(); err == nil {
		t.Errorf("after the close frame came %q", rest)
	}
	t.Logf("after %d events", events)
}
