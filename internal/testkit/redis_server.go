package testkit

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server that a test may end and start again, on the same address and with the files that it left.
type Server struct {
	Address   string
	Client    *redis.Client // to ask and change the server itself
	arguments []string

	mu      sync.Mutex
	process *Process
}

// RedisServer starts a server and stops it after the test.
func RedisServer(t testing.TB, options ...string) *Server {
	t.Helper()
	address := FreePort(t)
	_, port, _ := net.SplitHostPort(address)
	s := &Server{
		Address: address,
		Client:  redis.NewClient(&redis.Options{Addr: address, DisableIdentity: true}),
		arguments: append([]string{
			"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--repl-diskless-sync-delay", "0",
			"--repl-ping-replica-period", "1",
		}, options...),
	}
	t.Cleanup(func() {
		_ = s.Client.Close()
		s.Kill()
	})
	s.Start(t)
	return s
}

// Start starts the server again, and returns when it has read its files.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	process, err := launch(exec.Command("redis-server", s.arguments...))
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.process = process
	s.mu.Unlock()
	Eventually(t, 60*time.Second, func() error { return s.Client.Ping(context.Background()).Err() })
}

// Kill ends the server as a loss of power would.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.process.Kill()
	}
}

// follows says whether the server is a replica that has all of its master.
func (s *Server) follows() (bool, error) {
	told, err := s.Client.Info(context.Background(), "replication").Result()
	return strings.Contains(told, "master_link_status:up"), err
}
