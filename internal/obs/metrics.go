package obs

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewMetrics makes a registry that already has the figures of the build, of the Go runtime, with how long goroutines
// wait for a processor, and of the process.
func NewMetrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsScheduler)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(readBuild()),
	)
	return registry
}

func buildInfo(b build) prometheus.Collector {
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "rostrum_build_info", Help: "Always 1; the labels say what runs.",
	}, []string{"version", "revision", "go"})
	gauge.WithLabelValues(b.version, b.revision, b.language).Set(1)
	return gauge
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
