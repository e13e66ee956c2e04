package obs

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOperatorDoor(t *testing.T) {
	var ready Ready
	ready.Wait("redis", "connection refused")
	door := httptest.NewServer(Handler(NewMetrics(), &ready))
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
	if status, text := fetch("/readyz"); status != 503 || text != "redis: connection refused\n" {
		t.Errorf("waiting: %d %q", status, text)
	}
	ready.Done("redis")
	if status, text := fetch("/readyz"); status != 200 || text != "ready\n" {
		t.Errorf("ready: %d %q", status, text)
	}
	if status, text := fetch("/metrics"); status != 200 || !strings.Contains(text, "go_goroutines ") {
		t.Errorf("metrics: %d, %d bytes", status, len(text))
	}
	if status, _ := fetch("/debug/pprof/goroutine"); status != 200 {
		t.Errorf("pprof: %d", status)
	}
}

func TestProfilesArePushed(t *testing.T) {
	pushed := make(chan string, 16)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case pushed <- r.URL.Path + " " + r.URL.Query().Get("name"):
		default:
		}
	}))
	defer sink.Close()
	stop, err := Profile(sink.URL, "dev", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop() // pushes what it has
	select {
	case got := <-pushed:
		if !strings.HasPrefix(got, "/ingest rostrum{") || !strings.Contains(got, "role=dev") {
			t.Errorf("pushed %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("no profile arrived")
	}
}
