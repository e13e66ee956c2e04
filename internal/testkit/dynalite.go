package testkit

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Dynalite starts a server that speaks DynamoDB's protocol, with its tables in memory, and stops it after the test. The
// answer is its endpoint.
func Dynalite(t testing.TB) string {
	t.Helper()
	return startDynalite(t, "").Endpoint
}

// DynaliteOnDisk is Dynalite with its tables in a folder: they are there again when it is started again.
func DynaliteOnDisk(t testing.TB, folder string) *DynaliteServer {
	t.Helper()
	return startDynalite(t, folder)
}

// DynaliteServer is a dynalite that a test stops and starts.
type DynaliteServer struct {
	Endpoint string

	t       testing.TB
	address string
	folder  string // "": in memory
	process *Process
}

func startDynalite(t testing.TB, folder string) *DynaliteServer {
	t.Helper()
	address := FreePort(t)
	s := &DynaliteServer{Endpoint: "http://" + address, t: t, address: address, folder: folder}
	s.Start()
	return s
}

// Start starts the server at the endpoint it had, and returns when it answers.
func (s *DynaliteServer) Start() {
	s.t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		s.t.Fatal("dynalite needs node; make deps installs it")
	}
	_, port, _ := net.SplitHostPort(s.address)
	arguments := []string{
		filepath.Join(moduleRoot(s.t), "test/node_modules/dynalite/cli.js"), "--host", "127.0.0.1", "--port", port,
		"--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0",
	}
	if s.folder != "" {
		arguments = append(arguments, "--path", s.folder)
	}
	s.process = Start(s.t, exec.Command(node, arguments...))
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	Eventually(s.t, 60*time.Second, func() error {
		answer, err := client.Get(s.Endpoint) // its answer to a load balancer's question
		if err == nil {
			answer.Body.Close()
		}
		return err
	})
}

// Stop stops the server. What was in memory is gone.
func (s *DynaliteServer) Stop() {
	s.t.Helper()
	_ = s.process.Leave(leaveWithin) // it ends by the signal
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			t.Fatal("there is no go.mod above the test")
		}
		folder = above
	}
}
