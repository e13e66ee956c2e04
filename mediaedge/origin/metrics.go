package origin

import (
	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
)

// What came of a report to the stage log; the list is closed.
const (
	reportTold      = "told"
	reportFailed    = "failed"    // to be tried again
	reportRefused   = "refused"   // not tried again
	reportOvertaken = "overtaken" // by newer news of the same person, or the seat is gone
	reportAbandoned = "abandoned" // the origin ended
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
	doubts         prometheus.Counter

	enforcedReports *prometheus.CounterVec
	enforcedSeconds prometheus.Histogram
	mediaReports    *prometheus.CounterVec
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
		doubts:         counter("doubts_total", "Times that who had joined lately was not forwarded, because a watch was lost for too long."),

		enforcedReports: vector("enforced_reports_total", "Reports of what is enforced, by what came of them.", "result"),
		enforcedSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_origin_enforced_seconds", Help: "From doing what the stage says of who may be heard to the stage knowing it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
		}),
		mediaReports: vector("media_reports_total", "Reports of microphones found and lost, by what came of them.", "result"),
	}
	return m, obs.Register(registry, m.rooms, m.batches, m.gaps, m.packetsDropped, m.makeSeconds, m.lateSeconds,
		m.renewalsFailed, m.unreserved, m.watchesLost, m.doubts, m.enforcedReports, m.enforcedSeconds, m.mediaReports)
}
