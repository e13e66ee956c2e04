package testkit

import (
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
	Eventually(t, 10*time.Second, func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
	return address
}

// FreePort answers an address of this machine that nothing listened on a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
