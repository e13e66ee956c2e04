package obs

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOperatorDoor(t *testing.T) {
	var ready Ready
	ready.Wait("redis", "connection refused")
	ready.Wait("account", "<starting>")
	about := About{Role: "room", Node: "node-1", Region: "eu-west", Started: time.Now().Add(-90 * time.Second)}
	door := httptest.NewServer(Handler(about, NewMetrics(), &ready))
	defer door.Close()
	fetch := func(path string) (int, string) {
		t.Helper()
		answer, err := http.Get(door.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	holds := func(path string, wants ...string) {
		t.Helper()
		status, text := fetch(path)
		for _, want := range wants {
			if status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("%s answers %d without %q:\n%.2000s", path, status, want, text)
			}
		}
	}
	if status, text := fetch("/readyz"); status != 503 || text != "account: <starting>\nredis: connection refused\n" {
		t.Errorf("waiting: %d %q", status, text)
	}
	holds("/", "Rostrum room", "node-1", "eu-west", "1m3", "no: account: &lt;starting&gt;", `href="debug/pprof/"`)
	ready.Done("redis")
	ready.Done("account")
	if status, text := fetch("/readyz"); status != 200 || text != "ready\n" {
		t.Errorf("ready: %d %q", status, text)
	}
	holds("/", "<td>yes")
	holds("/healthz", "ok")
	holds("/metrics", "go_goroutines ", "go_sched_latencies_seconds_bucket", `rostrum_build_info{go="go`)
	holds("/debug/pprof/goroutine?debug=1", "goroutine profile")
	if status, _ := fetch("/nothing"); status != http.StatusNotFound {
		t.Errorf("a path that does not exist answers %d", status)
	}
}
