package obs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/pprof"

	"github.com/grafana/pyroscope-go"
)

// Profile pushes CPU and heap profiles to a Pyroscope server, named "rostrum" with the labels role, node and region; with
// no address it does nothing. The answer pushes what there is and stops it.
func Profile(address string, about About, log *slog.Logger) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "rostrum", ServerAddress: address, Logger: pyroscopeLog{log},
		Tags: map[string]string{"role": about.Role, "node": about.Node, "region": about.Region},
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

// AsModule runs a function whose samples in profiles, and those of every goroutine that begins in it, have the label
// module: so that the roles of one process can be told apart.
func AsModule(ctx context.Context, module string, do func(context.Context)) {
	pprof.Do(ctx, pprof.Labels("module", module), do)
}

// ModuleHandler serves as a module: the goroutines of an HTTP server that roles share begin in none of them.
func ModuleHandler(module string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		AsModule(r.Context(), module, func(ctx context.Context) { next.ServeHTTP(w, r.WithContext(ctx)) })
	})
}

// pyroscopeLog passes the profiler's words on; what it only notes is not worth a line.
type pyroscopeLog struct{ log *slog.Logger }

func (l pyroscopeLog) Infof(string, ...any)  {}
func (l pyroscopeLog) Debugf(string, ...any) {}
func (l pyroscopeLog) Errorf(format string, args ...any) {
	l.log.Warn("profiling", "error", fmt.Sprintf(format, args...))
}
