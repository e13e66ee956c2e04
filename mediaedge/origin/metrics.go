package origin

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// Metrics are the figures of all origins of a node.
type Metrics struct {
	rooms          prometheus.Gauge
	batches        *prometheus.CounterVec
	gaps           *prometheus.CounterVec
	packetsDropped prometheus.Counter
	makeSeconds    prometheus.Histogram
	lateSeconds    prometheus.Histogram
	renewalsFailed prometheus.Counter
	unreserved     prometheus.Counter
	watchesLost    prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "rostrum_origin_" + name, Help: help})
	}
	vector := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rostrum_origin_" + name, Help: help}, []string{label})
	}
	m := &Metrics{
		rooms:          prometheus.NewGauge(prometheus.GaugeOpts{Name: "rostrum_origin_rooms", Help: "Rooms whose program this node makes."}),
		batches:        vector("batches_total", "Batches made, by rendition.", "rendition"),
		gaps:           vector("gaps_total", "Holes in programs, by reason.", "reason"),
		packetsDropped: counter("packets_dropped_total", "Packets of speakers that found the room's queue full."),
		makeSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_origin_make_seconds", Help: "Time to mix and encode one batch in all renditions.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 9),
		}),
		lateSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_origin_late_seconds", Help: "How long after it was due the making of a batch began.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
		}),
		renewalsFailed: counter("renewals_failed_total", "Renewals of program leases that failed."),
		unreserved:     counter("unreserved_total", "Numbers given that no lease had reserved, because it could not be renewed."),
		watchesLost:    counter("watches_lost_total", "Watches of stage logs that were lost and taken up again."),
	}
	return m, obs.Register(registry, m.rooms, m.batches, m.gaps, m.packetsDropped, m.makeSeconds, m.lateSeconds,
		m.renewalsFailed, m.unreserved, m.watchesLost)
}
