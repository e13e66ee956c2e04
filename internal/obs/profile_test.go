package obs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// pushed is what one push of profiles said.
type pushed struct {
	path, name string
	bytes      int
	err        error
}

// ingest is a sink of profiles as pyroscope-go pushes them: multipart, one part a profile.
func ingest(t *testing.T) (url string, got <-chan pushed) {
	taken := make(chan pushed, 16)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p := pushed{path: r.Method + " " + r.URL.Path, name: r.URL.Query().Get("name")}
		_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		parts := multipart.NewReader(r.Body, parameters["boundary"])
		for err == nil {
			var part *multipart.Part
			if part, err = parts.NextPart(); err == nil {
				var n int64
				n, err = io.Copy(io.Discard, part)
				p.bytes += int(n)
			}
		}
		if err != io.EOF {
			p.err = err
		}
		select {
		case taken <- p:
		default:
		}
	}))
	t.Cleanup(sink.Close)
	return sink.URL, taken
}

func TestProfilesArePushed(t *testing.T) {
	url, got := ingest(t)
	stop, err := Profile(url, About{Role: "sfu", Node: "sfu-1", Region: "eu-west"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop() // pushes what it has
	select {
	case p := <-got:
		if p.path != "POST /ingest" || p.bytes == 0 || p.err != nil {
			t.Errorf("pushed %+v", p)
		}
		for _, label := range []string{"rostrum{", "role=sfu", "node=sfu-1", "region=eu-west"} {
			if !strings.Contains(p.name, label) {
				t.Errorf("%q lacks %s", p.name, label)
			}
		}
	case <-time.After(time.Minute):
		t.Error("no profile arrived")
	}
}

func TestGoroutinesOfAModuleHaveItsLabel(t *testing.T) {
	stop, done := make(chan struct{}), make(chan struct{})
	AsModule(t.Context(), "room", func(context.Context) {
		go func() {
			defer close(done)
			<-stop
		}()
	})
	labels := func() string {
		var text bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	if got := labels(); !strings.Contains(got, `labels: {"module":"room"}`) {
		t.Errorf("the goroutine has no label:\n%s", got)
	}
	served := ""
	handler := ModuleHandler("edge", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = labels() }))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(served, `"module":"edge"`) {
		t.Errorf("the handler has no label:\n%s", served)
	}
	close(stop)
	<-done
}
