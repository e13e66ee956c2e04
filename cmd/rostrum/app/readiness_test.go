package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReadinessSaysWhatIsWaitedFor(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"ready", "ready\n", http.StatusOK, ""},
		{"waiting", "redis: connection refused\nrole room: it does not serve yet\n", http.StatusServiceUnavailable, "not ready: redis: connection refused\nrole room: it does not serve yet"},
		{"no operator's door", "there is nothing here", http.StatusNotFound, "not ready: there is nothing here"},
		{"an endless answer", strings.Repeat("x", 1<<20), http.StatusServiceUnavailable, "not ready: " + strings.Repeat("x", 64<<10)},
	} {
		t.Run(c.name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			server := httptest.NewServer(mux)
			defer server.Close()
			err := (&Readiness{Operator: server.Listener.Addr().String()}).Run(t.Context())
			if said := fmt.Sprint(err); (err == nil) != (c.want == "") || err != nil && said != c.want {
				t.Errorf("%.100s", said)
			}
		})
	}
}

func TestReadinessOfNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	for _, door := range []string{address, "not an address"} {
		if err := (&Readiness{Operator: door}).Run(t.Context()); err == nil {
			t.Errorf("%s is ready", door)
		}
	}
}
