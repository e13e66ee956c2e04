// Package obs owns how a process is looked at from outside: logs, metrics, traces, health, profiles.
package obs

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// About says which process an operator looks at.
type About struct {
	Role, Node, Region string
	Started            time.Time
}

// Handler is the operator's door: a page of what there is, /metrics, /healthz, /readyz, /debug/pprof/. It is not for
// strangers: profiles and the command line are behind it.
func Handler(about About, registry *prometheus.Registry, ready *Ready) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page{about, readBuild(), ready})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", ready.serve)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
