package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
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

// Start runs a program until the test is over: first asked to leave, after 5 s made to.
func Start(t testing.TB, command *exec.Cmd) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", command.Path, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		if err := stop(command, ended); err != nil {
			t.Errorf("stop %s: %v", command.Path, err)
		}
	})
}

func stop(command *exec.Cmd, ended <-chan error) error {
	if command.Process.Signal(syscall.SIGTERM) != nil { // it had left already
		<-ended
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		err := command.Process.Kill()
		<-ended
		return errors.Join(fmt.Errorf("it did not leave within 5 s of SIGTERM"), err)
	}
}
