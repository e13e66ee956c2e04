package test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/id"
)

const (
	deafSockets = 1000
	deafEvents  = 1000 // far above what a socket may leave waiting
	// deafMemory is what they may cost altogether: half of what 1,000 times 512 KiB would be.
	deafMemory = 256 << 20
)

// deaf opens 1,000 events sockets that never read, in a room where much happens. A socket beside them misses nothing.
func (b *badStage) deaf(t *testing.T) {
	room := b.liveRoom(t, b.host.Client, api.CreateRoom{Title: "Deaf"}).ID
	host := b.enter(t, b.host.Client, room)
	before := b.metric(t, "process_resident_memory_bytes")
	sockets := b.openDeaf(t, room)
	opened := b.metric(t, "process_resident_memory_bytes") - before
	healthy := b.enter(t, b.listener.Client, room)
	begun := time.Now()
	last := b.flood(t, host, room)
	took := time.Since(begun)
	all, told := host.stage.until(t, last), healthy.stage.until(t, last)
	grown := b.metric(t, "process_resident_memory_bytes") - before
	missing := len(all) - len(told)
	for i := range told {
		if text(t, told[len(told)-1-i].what) != text(t, all[len(all)-1-i].what) {
			t.Fatalf("%d events from the end the healthy socket was told another", i)
		}
	}
	stats := healthy.stage.Stats()
	if missing > 0 || stats.Connections != 1 || stats.Snapshots != 1 {
		t.Errorf("the healthy socket was told %d events of %d, and met %+v", len(told), len(all), stats)
	}
	if grown > deafMemory {
		t.Errorf("1,000 sockets that never read cost %.0f MB", grown/1e6)
	}
	cut := hangUp(sockets)
	if cut < deafSockets*9/10 {
		t.Errorf("only %d of %d sockets that never read were cut", cut, deafSockets)
	}
	result(t, map[string]any{"sockets": deafSockets, "cut": cut, "events": len(all), "seconds": round(took.Seconds()), "opened_mb": round(opened / 1e6), "grown_mb": round(grown / 1e6)})
}

// openDeaf opens sockets of as many people and reads only what the upgrade answers.
func (b *badStage) openDeaf(t *testing.T, room string) []net.Conn {
	t.Helper()
	sockets := make([]net.Conn, deafSockets)
	var opening sync.WaitGroup
	for worker := range 20 {
		opening.Go(func() {
			for i := worker; i < deafSockets; i += 20 {
				var err error
				if sockets[i], err = b.dialDeaf(t, room); err != nil {
					t.Errorf("socket %d: %v", i, err)
				}
			}
		})
	}
	opening.Wait()
	t.Cleanup(func() {
		for _, conn := range sockets {
			if conn != nil {
				conn.Close()
			}
		}
	})
	return sockets
}

// dialDeaf opens one, with a small window.
func (b *badStage) dialDeaf(t *testing.T, room string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: patience, Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) // as small as the kernel likes
		})
	}}
	conn, err := dialer.DialContext(bounded(t), "tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: %s, %s\r\n\r\n",
		inRoom(room, "/events"), eventsProtocol, b.tokenOf(t, id.Main, string(id.NewUser())))
	if err != nil {
		return conn, err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("the upgrade is answered %s", answer.Status)
	}
	return conn, err
}

// flood has moderators, in turn, seat and unseat somebody whose name is as long as names may be: one alone may not change so
// much. The answer is the position of the last event.
func (b *badStage) flood(t *testing.T, host *guest, room string) api.Position {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	user := b.person(t, strings.Repeat("\U0001f469\U0001f3fd\u200d\U0001f680", 40)).Tokens().User.ID
	var moderators []*api.Client
	for range 30 {
		moderator := b.person(t, "Moderator")
		done(t)(host.Appoint(ctx, room, moderator.Tokens().User.ID))
		moderators = append(moderators, moderator)
	}
	var last api.Position
	for i := range deafEvents / 2 {
		moderator := moderators[i%len(moderators)]
		if _, err := moderator.Seat(ctx, room, user); err != nil {
			t.Fatalf("seat beside deaf sockets: %v", err)
		}
		unseated, err := moderator.Audience(ctx, room, user)
		if err != nil {
			t.Fatalf("unseat beside deaf sockets: %v", err)
		}
		last = unseated.Position
	}
	return last
}

// hangUp reads what is left on sockets and answers how many had been cut.
func hangUp(sockets []net.Conn) int {
	var mu sync.Mutex
	var reading sync.WaitGroup
	cut := 0
	for _, conn := range sockets {
		reading.Go(func() {
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // fails on a closed connection
			rest, err := io.ReadAll(conn)
			ended := err == nil || !isTimeout(err)
			said := strings.Contains(string(rest[max(0, len(rest)-128):]), "too_slow")
			if ended || said {
				mu.Lock()
				defer mu.Unlock()
				cut++
			}
		})
	}
	reading.Wait()
	return cut
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// metric reads one figure without labels.
func (s *system) metric(t *testing.T, name string) float64 {
	t.Helper()
	answer, err := s.http.Get(s.url + "/metrics")
	must(t, err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			figure, err := strconv.ParseFloat(value, 64)
			must(t, err)
			return figure
		}
	}
	t.Fatalf("there is no metric %s: %v", name, lines.Err())
	return 0
}
