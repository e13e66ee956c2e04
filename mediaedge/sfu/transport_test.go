package sfu_test

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/mediaedge/sfu"
)

// wireway is a network between one client and the SFU that can be cut.
type wireway struct {
	near, far *net.UDPConn
	client    atomic.Pointer[net.UDPAddr]
	cut       atomic.Bool
	running   sync.WaitGroup
}

func newWireway(t *testing.T, port int) *wireway {
	t.Helper()
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	near, err := net.ListenUDP("udp", local)
	if err != nil {
		t.Fatal(err)
	}
	far, err := net.DialUDP("udp", local, &net.UDPAddr{IP: local.IP, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	w := &wireway{near: near, far: far}
	w.running.Go(func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := near.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			w.client.Store(from)
			if !w.cut.Load() {
				_, _ = far.Write(buffer[:n])
			}
		}
	})
	w.running.Go(func() {
		buffer := make([]byte, 2048)
		for {
			n, err := far.Read(buffer)
			if err != nil {
				return
			}
			if to := w.client.Load(); to != nil && !w.cut.Load() {
				_, _ = near.WriteToUDP(buffer[:n], to)
			}
		}
	})
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
		w.running.Wait()
	})
	return w
}

var (
	candidateLine = regexp.MustCompile(`(?m)^a=candidate:.*\n`)
	hostPort      = regexp.MustCompile(` 127\.0\.0\.1 \d+ typ host`)
)

// hidden is what a client says without where it is.
func (w *wireway) hidden(text string) string { return candidateLine.ReplaceAllString(text, "") }

// led is what the SFU says with the wireway in its place.
func (w *wireway) led(text string) string {
	port := w.near.LocalAddr().(*net.UDPAddr).Port
	return hostPort.ReplaceAllString(text, fmt.Sprintf(" 127.0.0.1 %d typ host", port))
}

func TestATransportThatFallsSilentIsLost(t *testing.T) {
	s := newStage(t, sfu.Config{LostAfter: 4 * time.Second})
	way := newWireway(t, s.sfu.Port())
	s.way.Store(way)
	s.talk(s.join(5, "us_ann", 0, nil), 5)
	eventually(t, func() string {
		if len(s.ingest.from(5)) < 10 {
			return "not heard"
		}
		return ""
	})
	way.cut.Store(true)
	s.wantLoss(5, "us_ann")
}

func TestASessionSurvivesAChangeOfNetwork(t *testing.T) {
	s := newStage(t, sfu.Config{LostAfter: 20 * time.Second})
	before := newWireway(t, s.sfu.Port())
	s.way.Store(before)
	var heard ears
	ann := s.join(5, "us_ann", 1, heard.hear)
	s.talk(ann, 5)
	s.way.Store(nil)
	s.talk(s.join(6, "us_bob", 0, nil), 6)
	some := func(since int) {
		t.Helper()
		eventually(t, func() string {
			if said, got := len(s.ingest.from(5)), heard.count(6); said < since+10 || got < 10 {
				return fmt.Sprintf("%d said, %d heard", said-since, got)
			}
			return ""
		})
	}
	some(0)
	before.cut.Store(true)
	s.way.Store(newWireway(t, s.sfu.Port()))
	if err := ann.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	some(len(s.ingest.from(5)))
	sources := make(map[uint32]bool)
	for _, p := range s.ingest.from(5) {
		sources[p.Source] = true
	}
	if len(sources) != 1 {
		t.Errorf("%d sources: the session did not go on", len(sources))
	}
}

func TestBothTransportsAreOffered(t *testing.T) {
	s := newStage(t, sfu.Config{TCP: true, AdvertiseIPs: []net.IP{net.IPv4(192, 0, 2, 7)}})
	s.room.Allow(1, "us_ann", false)
	answer, _, _, err := s.room.Join(t.Context(), s.sfu.NewSession(), "us_ann", browserOffer)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf(" udp 2130706431 192.0.2.7 %d typ host", s.sfu.Port()),
		fmt.Sprintf(" 192.0.2.7 %d typ host tcptype passive", s.sfu.Port()),
		"a=setup:active", "a=end-of-candidates",
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in\n%s", want, answer)
		}
	}
	if strings.Contains(answer, "127.0.0.1") {
		t.Errorf("the inner address is told:\n%s", answer)
	}
}
