package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestPageIsServed(t *testing.T) {
	handler := Handler()
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8",
		"/app.js": "text/javascript; charset=utf-8", "/worklet.js": "text/javascript; charset=utf-8",
		"/style.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml",
		"/rostrum.webmanifest": "application/manifest+json",
	} {
		answer := serve(handler, httptest.NewRequest(http.MethodGet, path, nil))
		h := answer.Header()
		if answer.Code != http.StatusOK || h.Get("Content-Type") != kind || answer.Body.Len() == 0 {
			t.Errorf("%s: %d, %q, %d bytes", path, answer.Code, h.Get("Content-Type"), answer.Body.Len())
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'self';") ||
			!strings.HasPrefix(h.Get("Permissions-Policy"), "microphone=(self)") {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	handler := Handler()
	first := serve(handler, httptest.NewRequest(http.MethodGet, "/app.js", nil))
	again := httptest.NewRequest(http.MethodGet, "/app.js", nil)
	again.Header.Set("If-None-Match", first.Header().Get("ETag"))
	if answer := serve(handler, again); answer.Code != http.StatusNotModified || answer.Body.Len() != 0 {
		t.Errorf("%d with %d bytes for ETag %q", answer.Code, answer.Body.Len(), first.Header().Get("ETag"))
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	handler := Handler()
	for _, path := range []string{"/nothing", "/dist/app.js", "/web.go", "//", "/%2e%2e/web.go"} {
		if answer := serve(handler, httptest.NewRequest(http.MethodGet, path, nil)); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	answer := serve(handler, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", answer.Code, answer.Header().Get("Allow"))
	}
}

// TestEveryFaultHasItsSentence: whatever an API answers, the page says what to do.
func TestEveryFaultHasItsSentence(t *testing.T) {
	codes, err := os.ReadFile("../internal/fault/fault.go")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := os.ReadFile("src/text/en.ts")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Code\s+= "([a-z_]+)"`).FindAllSubmatch(codes, -1)
	if len(found) < 20 {
		t.Fatalf("only %d codes in internal/fault", len(found))
	}
	for _, code := range found {
		if !strings.Contains(string(catalogue), `"error.`+string(code[1])+`":`) {
			t.Errorf("%s has no sentence in src/text/en.ts", code[1])
		}
	}
}

func serve(handler http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	return answer
}
