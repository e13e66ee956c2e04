package obs

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// Ready collects what a process still waits for. Its zero value is ready.
type Ready struct {
	mu      sync.Mutex
	waiting map[string]string
}

// Wait says that the process is not ready because of what, until Done is called with the same what.
func (r *Ready) Wait(what, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[string]string{}
	}
	r.waiting[what] = why
}

// Done takes a reason back.
func (r *Ready) Done(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, what)
}

// reasons are what is waited for and why, a line each, in order; none: ready.
func (r *Ready) reasons() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(r.waiting)) {
		lines = append(lines, what+": "+r.waiting[what])
	}
	return lines
}

func (r *Ready) serve(w http.ResponseWriter, _ *http.Request) {
	reasons := r.reasons()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if len(reasons) == 0 {
		fmt.Fprintln(w, "ready")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for _, line := range reasons {
		fmt.Fprintln(w, line)
	}
}
