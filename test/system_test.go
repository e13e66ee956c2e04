// Package test holds the tests of the whole system: real processes, real WebRTC, real sound.
package test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
)

// system is a running `rostrum dev`.
type system struct {
	url     string
	log     *tail
	process *testkit.Process
	http    *http.Client
}

// startSystem starts the program on free ports and waits until it is ready.
func startSystem(t *testing.T, arguments ...string) *system {
	t.Helper()
	command := exec.Command(rostrum(t), append([]string{"dev", "--http", "127.0.0.1:0", "--udp", "0"}, arguments...)...)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &system{log: &tail{}, http: http.DefaultClient}
	command.Stderr = s.log
	s.process = testkit.Start(t, command)
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, found := strings.CutPrefix(lines.Text(), "ready "); found {
				ready <- url
			}
		}
		io.Copy(io.Discard, out)
	}()
	select {
	case s.url = <-ready:
	case <-time.After(patience):
		t.Fatalf("not ready after %v; it logged:\n%s", patience, s.log)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the system logged:\n%s", s.log)
		}
	})
	return s
}

// person is a new guest.
func (s *system) person(t testing.TB, name string) *api.Client {
	t.Helper()
	client := api.New(s.url, api.WithHTTPClient(s.http))
	if _, err := client.Guest(bounded(t), name); err != nil {
		t.Fatal(err)
	}
	return client
}

// checkLog fails the test where the system has logged what it calls an error.
func (s *system) checkLog(t testing.TB) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "rostrum: ") {
			t.Errorf("the system logged %s", line)
		}
	}
}

// patience is how long a test waits for what should take a moment, on the busiest machine.
const patience = 60 * time.Second

// bounded ends after patience, or with the test.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// tail keeps the last of what a process logs.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if over := len(l.text) - 64<<10; over > 0 {
		l.text = l.text[over:]
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

var _ fmt.Stringer = (*tail)(nil)
