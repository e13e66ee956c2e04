// Package obs owns how a process is looked at from outside: logs, metrics, health, profiles.
package obs

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"sync"

	"github.com/grafana/pyroscope-go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewLog writes one line of key=value text per record, or JSON.
func NewLog(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// NewMetrics makes a registry that already has the Go runtime's and the process's own figures.
func NewMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// Register adds collectors to a registry; a nil registry takes none.
func Register(registry prometheus.Registerer, all ...prometheus.Collector) error {
	if registry == nil {
		return nil
	}
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("register metric: %w", err)
		}
	}
	return nil
}

// Ready collects what a process still waits for.
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

func (r *Ready) serve(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		fmt.Fprintln(w, "ready")
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for what, why := range r.waiting {
		fmt.Fprintf(w, "%s: %s\n", what, why)
	}
}

// Handler is the operator's door: /metrics, /healthz, /readyz, /debug/pprof/.
func Handler(registry *prometheus.Registry, ready *Ready) http.Handler {
	mux := http.NewServeMux()
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

// Profile pushes CPU and heap profiles to a Pyroscope server; with no address it does nothing. The answer stops it.
func Profile(address, role string, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "rostrum", ServerAddress: address, Tags: map[string]string{"role": role}, Logger: pyroscopeLog{log},
	})
	if err != nil {
		return nil, fmt.Errorf("start profiling to %s: %w", address, err)
	}
	return func() {
		if err := profiler.Stop(); err != nil {
			log.Warn("stop profiling", "error", err)
		}
	}, nil
}

// pyroscopeLog passes the profiler's words on; what it only notes is not worth a line.
type pyroscopeLog struct{ log *slog.Logger }

func (l pyroscopeLog) Infof(string, ...any)  {}
func (l pyroscopeLog) Debugf(string, ...any) {}
func (l pyroscopeLog) Errorf(format string, args ...any) {
	l.log.Warn("profiling", "error", fmt.Sprintf(format, args...))
}
