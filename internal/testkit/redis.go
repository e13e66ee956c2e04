package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"testing"
	"time"
)

// Redis starts a redis-server on a free port, with its files in a temporary folder, and stops it after the test. The
// answer is its address.
func Redis(t testing.TB, options ...string) string {
	t.Helper()
	address := FreePort(t)
	_, port, _ := net.SplitHostPort(address)
	arguments := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}, options...)
	Start(t, exec.Command("redis-server", arguments...))
	Eventually(t, 60*time.Second, func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
	return address
}

// FreePort answers an address of this machine that nothing listened on a moment ago, of a port that the system does not give
// away by itself: what a test starts there later, or again, finds it free.
func FreePort(t testing.TB) string {
	t.Helper()
	listener, err := listenAside()
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// Of the ports below those of outgoing connections (/proc/sys/net/ipv4/ip_local_port_range) and of listeners that ask for any.
const (
	firstAside = 10_000
	portsAside = 8_000
)

// listenAside listens on a port that is picked by lot.
func listenAside() (listener net.Listener, err error) {
	for range 100 {
		if listener, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstAside+rand.IntN(portsAside))); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("find a free port: %w", err)
}
