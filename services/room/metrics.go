package room

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the service's figures.
type metrics struct {
	entrances *prometheus.CounterVec
	repairs   *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		entrances: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_room_entrances_total", Help: "Visitors let in, by role.",
		}, []string{"role"}),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_room_repairs_total", Help: "Live rows compared with their stages, by what came of it.",
		}, []string{"result"}),
	}
	if registry == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.entrances, m.repairs} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register room metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) entered(v Visitor) {
	role := "listener"
	if v.Speaker {
		role = "speaker"
	}
	m.entrances.WithLabelValues(role).Inc()
}
