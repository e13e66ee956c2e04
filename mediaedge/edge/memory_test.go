package edge

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"rostrum/internal/testkit"
)

// park opens a listener's connection and keeps nothing of it on this side but a descriptor.
func (r *rig) park(d *door) (descriptor int, err error) {
	tcp, err := net.Dial("tcp", d.url[strings.LastIndex(d.url, "/")+1:])
	if err != nil {
		return 0, err
	}
	defer tcp.Close()
	raw, err := tcp.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	conn := tcp
	if r.pool != nil {
		conn = tls.Client(tcp, &tls.Config{RootCAs: r.pool, ServerName: "127.0.0.1"})
	}
	_, err = fmt.Fprintf(conn, "GET /v1/rooms/%s/listen HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s, %s\r\n\r\n",
		r.room, Subprotocol, r.grant(nil))
	if err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		return 0, errors.Join(err, errors.New("no upgrade"))
	}
	var dupErr error
	if err := raw.Control(func(fd uintptr) { descriptor, dupErr = syscall.Dup(int(fd)) }); err != nil {
		return 0, err
	}
	return descriptor, dupErr
}

// resident answers the process's resident memory after a collection.
func resident() int {
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * os.Getpagesize()
}

// BenchmarkIdleListener says what a connection costs that hears a silent room: everything of this process, nothing of
// the kernel.
func BenchmarkIdleListener(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(fmt.Sprintf("tls=%v", secure), func(b *testing.B) {
			r := newRig(b)
			r.speak(5)
			d := r.edge
			if secure {
				d = r.secureEdge
			}
			door := d(nil)
			var parked []int
			defer func() {
				for _, fd := range parked {
					syscall.Close(fd)
				}
			}()
			open := func(n int) {
				for range n {
					fd, err := r.park(door)
					if err != nil {
						b.Fatal(err)
					}
					parked = append(parked, fd)
				}
				testkit.Eventually(b, time.Minute, func() error {
					if n := door.Listeners(); n != len(parked) {
						return fmt.Errorf("%d of %d are in", n, len(parked))
					}
					return nil
				})
			}
			open(200)
			for b.Loop() {
				before := resident()
				var m, after runtime.MemStats
				runtime.ReadMemStats(&m)
				open(2000)
				grown := resident() - before
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(grown)/2000, "rss-bytes/listener")
				b.ReportMetric(float64(after.HeapAlloc-m.HeapAlloc)/2000, "heap-bytes/listener")
				b.ReportMetric(float64(after.StackInuse-m.StackInuse)/2000, "stack-bytes/listener")
			}
		})
	}
}
