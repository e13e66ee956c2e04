package mobileapi

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"rostrum/internal/fault"
)

// table finds the route of a call. It answers preflights, unknown paths and wrong methods itself.
type table struct {
	mux  *http.ServeMux
	call func(http.ResponseWriter, *http.Request, route)
}

func newTable(routes []route, call func(http.ResponseWriter, *http.Request, route)) *table {
	t := &table{mux: http.NewServeMux(), call: call}
	byPath := map[string][]route{}
	for _, r := range routes {
		byPath[r.path] = append(byPath[r.path], r)
	}
	for pattern, methods := range byPath {
		t.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { t.pick(w, r, methods) })
	}
	t.mux.HandleFunc("/", unknown)
	return t
}

func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path.Clean(r.URL.Path) != r.URL.Path { // the mux would redirect
		unknown(w, r)
		return
	}
	t.mux.ServeHTTP(w, r)
}

func (t *table) pick(w http.ResponseWriter, r *http.Request, methods []route) {
	allow := []string{http.MethodOptions}
	for _, candidate := range methods {
		read := candidate.method == http.MethodGet
		if r.Method == candidate.method || r.Method == http.MethodHead && read {
			t.call(w, r, candidate)
			return
		}
		allow = append(allow, candidate.method)
		if read {
			allow = append(allow, http.MethodHead)
		}
	}
	slices.Sort(allow)
	w.Header().Set("Allow", strings.Join(allow, ", "))
	if r.Method == http.MethodOptions {
		preflight(w, allow)
		return
	}
	fail(w, fault.New(fault.CodeMethodNotAllowed, "this path is for %s", w.Header().Get("Allow")))
}

func unknown(w http.ResponseWriter, _ *http.Request) {
	fail(w, fault.New(fault.CodeNotFound, "there is nothing at this path; see /v1/openapi.yaml"))
}
