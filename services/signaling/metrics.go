package signaling

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// metrics are the service's figures.
type metrics struct {
	placements *prometheus.CounterVec
	orders     *prometheus.CounterVec
	edges      prometheus.Gauge
	enrolments *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		placements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_signaling_placements_total", Help: "Placements of rooms, by how they ended.",
		}, []string{"result"}),
		orders: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_signaling_orders_total", Help: "Orders sent to edges, by kind.",
		}, []string{"order"}),
		edges: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rostrum_signaling_edges", Help: "Edges with a control stream to this instance.",
		}),
		enrolments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_signaling_enrolments_total", Help: "Edges that asked for a certificate, by what came of it.",
		}, []string{"result"}),
	}
	return m, obs.Register(registry, m.placements, m.orders, m.edges, m.enrolments)
}

// placed counts a placement under its reason or the finding's code: two closed lists.
func (m *metrics) placed(p Placement, err error) {
	result := string(p.Reason)
	if f := find(RoomKey{}, Home{}, err); f.missing != "" {
		result = string(f.missing)
	}
	m.placements.WithLabelValues(result).Inc()
}

func (m *metrics) told(f finding) {
	if f.missing == "" {
		m.orders.WithLabelValues("home").Inc()
		return
	}
	m.orders.WithLabelValues("not_home").Inc()
}

// enrolled counts an enrolment under its fault code, a closed list.
func (m *metrics) enrolled(err error) {
	result := "issued"
	if err != nil {
		result = string(fault.From(err).Code)
	}
	m.enrolments.WithLabelValues(result).Inc()
}
