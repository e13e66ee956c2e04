package test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/internal/testkit"
	processes "rostrum/test/cluster"
)

// apart is a whole system whose roles are processes of their own.
type apart struct {
	*system
	*processes.Cluster
	Ports func(name string) string
	t     *testing.T
}

// startApart starts stores and roles on free ports, and stops them after the test.
func startApart(t *testing.T, change ...func(*processes.Config)) *apart {
	t.Helper()
	root, err := filepath.Abs("..")
	must(t, err)
	cfg := processes.Config{Folder: t.TempDir(), Binary: rostrum(t), Root: root, Ports: portsOf(t)}
	for _, f := range change {
		f(&cfg)
	}
	began := time.Now()
	c, err := processes.Start(t.Context(), cfg)
	if err != nil {
		showLogs(t, cfg.Folder)
		t.Fatal(err)
	}
	a := &apart{system: &system{url: c.URL, log: &tail{}, http: http.DefaultClient}, Cluster: c, Ports: cfg.Ports, t: t}
	t.Cleanup(func() {
		for _, p := range c.Processes {
			must(t, p.Thaw())
		}
		if t.Failed() {
			showLogs(t, cfg.Folder)
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%d processes are ready after %v", len(c.Processes), time.Since(began).Round(time.Millisecond))
	return a
}

// portsOf answers an address for each name, always the same. A process that was ended gets its port back: ports are not of
// the range from which the system takes those of outgoing connections, and no other test is given them.
func portsOf(t testing.TB) func(name string) string {
	known := map[string]string{}
	return func(name string) string {
		for known[name] == "" {
			port := 18000 + rand.IntN(14000)
			address := fmt.Sprintf("127.0.0.1:%d", port)
			if _, given := portsGiven.LoadOrStore(port, true); !given && free(address) {
				known[name] = address
			}
		}
		return known[name]
	}
}

// portsGiven are the ports that a test has.
var portsGiven sync.Map

// free says whether nothing listens on an address, over TCP or UDP.
func free(address string) bool {
	_, port, _ := net.SplitHostPort(address)
	for _, at := range []string{address, ":" + port} {
		stream, err := net.Listen("tcp", at)
		if err != nil {
			return false
		}
		stream.Close()
		packets, err := net.ListenPacket("udp", at)
		if err != nil {
			return false
		}
		packets.Close()
	}
	return true
}

// showLogs tells the end of every process's log.
func showLogs(t testing.TB, folder string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(folder, "*.log"))
	must(t, err)
	for _, path := range logs {
		t.Logf("%s ends with\n%s", filepath.Base(path), lastLines(path, 30))
	}
}

func lastLines(path string, most int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "")
}

// process answers a process by its name.
func (a *apart) process(name string) *processes.Process {
	a.t.Helper()
	p := a.Process(name)
	if p == nil {
		a.t.Fatalf("there is no process %q", name)
	}
	return p
}

// logOf answers a process's log.
func logOf(p *processes.Process) string {
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// kill ends processes at once and together.
func (a *apart) kill(names ...string) {
	a.t.Helper()
	failed := make(chan error)
	for _, name := range names {
		p := a.process(name)
		go func() { failed <- p.Kill() }()
	}
	for range names {
		must(a.t, <-failed)
	}
}

// restart starts processes that have ended, one after the other, each once the one before is ready.
func (a *apart) restart(names ...string) {
	a.t.Helper()
	for _, name := range names {
		must(a.t, a.Restart(a.t.Context(), a.process(name)))
	}
}

// forgetRedis removes the files of a Redis that has ended.
func (a *apart) forgetRedis() {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.Folder, "appendonly*"))
	if len(files) == 0 || err != nil {
		a.t.Fatalf("redis has no files in %s, %v", a.Folder, err)
	}
	for _, file := range files {
		must(a.t, os.RemoveAll(file))
	}
}

// home answers the SFU that a room is at home on, by whose ledger it is.
func (a *apart) home(room string) (name string) {
	a.t.Helper()
	testkit.Eventually(a.t, patience, func() error {
		for _, node := range []string{"sfu-1", "sfu-2"} {
			_, status, err := asked(a.process(node).Operator, "/ledger?app=main&rendition=voice-32&room="+room)
			if err == nil && status == http.StatusOK {
				name = node
				return nil
			}
		}
		return fmt.Errorf("room %s is at home nowhere", room)
	})
	return name
}

// checkNothingPanicked fails the test where a process has logged a panic, or what it calls an error.
func (a *apart) checkNothingPanicked() {
	a.t.Helper()
	for _, p := range a.Processes {
		for line := range strings.Lines(logOf(p)) {
			if strings.Contains(line, "level=ERROR") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
				a.t.Errorf("%s logged %s", p.Name, line)
			}
		}
	}
}

// asked answers what an operator's door says at a path, and its status.
func asked(operator, path string) (text string, status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+operator+path, nil)
	if err != nil {
		return "", 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	return string(read), answer.StatusCode, err
}

// metric adds up the values of a metric at an operator's door whose line holds all of some words.
func metric(t testing.TB, operator, name string, labels ...string) (sum float64) {
	t.Helper()
	text, _, err := asked(operator, "/metrics")
	must(t, err)
	for line := range strings.Lines(text) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if of, _, _ := strings.Cut(series, "{"); of != name {
			continue
		}
		fits := true
		for _, label := range labels {
			fits = fits && strings.Contains(series, label)
		}
		var v float64
		if _, err := fmt.Sscan(value, &v); fits && err == nil {
			sum += v
		}
	}
	return sum
}
