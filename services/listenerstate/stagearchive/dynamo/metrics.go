package dynamo

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/obs"
	"rostrum/services/listenerstate/chain"
)

type metrics struct {
	commits  prometheus.Histogram
	shared   prometheus.Histogram
	bytes    *prometheus.CounterVec // kind: events, snapshot
	retries  prometheus.Counter
	refusals *prometheus.CounterVec // reason: diverged, full, closed, failed
	unswept  prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, ls *lines) (*metrics, error) {
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "rostrum_stagearchive_unarchived_" + name, Help: help}, read)
	}
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "rostrum_stagearchive_" + name, Help: help}
	}
	m := &metrics{
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_stagearchive_commit_seconds", Help: "How long one write of the store took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
		}),
		shared: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_stagearchive_commit_appends", Help: "How many appends shared one write of the store.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		bytes:    prometheus.NewCounterVec(counter("written_bytes_total", "Bytes written to the archive in DynamoDB, by what they are of."), []string{"kind"}),
		retries:  prometheus.NewCounter(counter("retries_total", "Writes to the archive in DynamoDB that failed and are tried again.")),
		refusals: prometheus.NewCounterVec(counter("refusals_total", "Appends and claims that the archive in DynamoDB did not do, by reason."), []string{"reason"}),
		unswept:  prometheus.NewCounter(counter("sweeps_failed_total", "Times that old snapshots in DynamoDB were left to be deleted later.")),
	}
	return m, obs.Register(registry, m.commits, m.shared, m.bytes, m.retries, m.refusals, m.unswept,
		gauge("events", "Events that wait to be written to DynamoDB.", func() float64 { return float64(ls.waitingEvents()) }),
		gauge("bytes", "Bytes of events and snapshots that wait to be written to DynamoDB.", func() float64 { return float64(ls.waitingBytes()) }),
		gauge("age_seconds", "How long the oldest event has waited to be written to DynamoDB.", func() float64 { return ls.age().Seconds() }),
	)
}

func (m *metrics) wrote(l link, appends int, took time.Duration) {
	m.commits.Observe(took.Seconds())
	m.shared.Observe(float64(appends))
	bytes := 0
	for _, record := range l.records {
		bytes += stored(record)
	}
	m.bytes.WithLabelValues("events").Add(float64(bytes))
}

func (m *metrics) drew(bytes int) { m.bytes.WithLabelValues("snapshot").Add(float64(bytes)) }

func (m *metrics) refused(err error) {
	reason := "failed"
	switch {
	case errors.Is(err, chain.ErrDiverged):
		reason = "diverged"
	case errors.Is(err, chain.ErrFull):
		reason = "full"
	case errors.Is(err, chain.ErrClosed):
		reason = "closed"
	}
	m.refusals.WithLabelValues(reason).Inc()
}
