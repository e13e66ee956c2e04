package room

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// metrics are the service's figures.
type metrics struct {
	entrances *prometheus.CounterVec
	repairs   *prometheus.CounterVec
	stores    *obs.Calls
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	calls, err := obs.NewCalls(registry, "roomstore", "Calls of the store of rooms, by what came of them.")
	if err != nil {
		return nil, err
	}
	m := &metrics{
		stores: calls,
		entrances: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_room_entrances_total", Help: "Visitors let in, by role.",
		}, []string{"role"}),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_room_repairs_total", Help: "Live rows compared with their stages, by what came of it.",
		}, []string{"result"}),
	}
	return m, obs.Register(registry, m.entrances, m.repairs)
}

func (m *metrics) entered(v Visitor) {
	role := "listener"
	if v.Speaker {
		role = "speaker"
	}
	m.entrances.WithLabelValues(role).Inc()
}
