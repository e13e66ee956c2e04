package edge

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// Doors are metric labels.
const (
	doorWebSocket = "websocket"
	doorOgg       = "ogg"
)

type metrics struct {
	listeners  *prometheus.GaugeVec
	joins      *prometheus.CounterVec
	closes     *prometheus.CounterVec
	bytes      prometheus.Counter
	deliveries prometheus.Counter
	partial    prometheus.Counter
	pass       prometheus.Histogram
	late       prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		listeners: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rostrum_edge_listeners", Help: "Open connections by door.",
		}, []string{"door"}),
		joins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_edge_joins_total", Help: "Connections that were let in, by door.",
		}, []string{"door"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_edge_closes_total", Help: "Connections that ended or were refused, by reason.",
		}, []string{"reason"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_edge_sent_bytes_total", Help: "Bytes of the program that were handed to sockets.",
		}),
		deliveries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_edge_deliveries_total", Help: "Tries to hand a listener what it lacks.",
		}),
		partial: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_edge_partial_deliveries_total", Help: "Tries of which the kernel did not take everything.",
		}),
		pass: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_edge_pass_seconds", Help: "Time that one ring's listeners on one shard were served without a break.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .025, .05, .1, .25, 1},
		}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_edge_late_seconds", Help: "From something new in a ring to a shard's turn to serve its listeners.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .025, .05, .1, .25, 1},
		}),
	}
	return m, obs.Register(registry, m.listeners, m.joins, m.closes, m.bytes, m.deliveries, m.partial, m.pass, m.late)
}

func (m *metrics) closed(reason Reason) { m.closes.WithLabelValues(string(reason)).Inc() }

func (m *metrics) entered(door string) {
	m.joins.WithLabelValues(door).Inc()
	m.listeners.WithLabelValues(door).Inc()
}

func (m *metrics) left(door string) { m.listeners.WithLabelValues(door).Dec() }
