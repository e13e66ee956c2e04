package listenerstate

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
)

type metrics struct {
	commands *prometheus.CounterVec // command, code
	seconds  prometheus.Histogram
	events   prometheus.Counter
	retries  *prometheus.CounterVec // reason
	repairs  *prometheus.CounterVec // reason
	watchers prometheus.Gauge
	ends     *prometheus.CounterVec // reason
	unmarked prometheus.Counter
	together prometheus.Histogram

	timerLate     prometheus.Histogram
	timerFailures *prometheus.CounterVec // reason: claim, close, hint
}

// Why a watcher ended.
const (
	endLeft    = "left"     // the watcher went
	endSlow    = "too_slow" // it did not take what was there
	endClosing = "closing"  // the service leaves
	endFailed  = "failed"   // the stage cannot be had
)

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "rostrum_listenerstate_" + name, Help: help}
	}
	m := &metrics{
		commands: prometheus.NewCounterVec(counter("commands_total", "Commands, by what came of them."), []string{"command", "code"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_listenerstate_command_seconds", Help: "From a command's arrival to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 13),
		}),
		events:  prometheus.NewCounter(counter("events_total", "Events appended.")),
		retries: prometheus.NewCounterVec(counter("retries_total", "Commands tried again, by reason."), []string{"reason"}),
		repairs: prometheus.NewCounterVec(counter("repairs_total", "Terms started, by what was wrong with the log."), []string{"reason"}),
		watchers: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rostrum_listenerstate_watchers", Help: "Watchers now.",
		}),
		ends:     prometheus.NewCounterVec(counter("watcher_ends_total", "Watchers ended, by reason."), []string{"reason"}),
		unmarked: prometheus.NewCounter(counter("marks_failed_total", "Events held twice whose acknowledgement came late to watchers.")),
		together: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_listenerstate_append_commands", Help: "How many commands shared an append.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 7),
		}),
		timerLate: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_listenerstate_timer_late_seconds", Help: "How long after it was due something was closed.",
			Buckets: prometheus.ExponentialBuckets(0.015625, 2, 12),
		}),
		timerFailures: prometheus.NewCounterVec(counter("timer_failures_total", "Timers that failed and are tried again, by what failed."),
			[]string{"reason"}),
	}
	if registry == nil {
		return m, nil
	}
	var failed error
	for _, collector := range []prometheus.Collector{
		m.commands, m.seconds, m.events, m.retries, m.repairs, m.watchers, m.ends, m.unmarked, m.together, m.timerLate, m.timerFailures,
	} {
		failed = errors.Join(failed, registry.Register(collector))
	}
	if failed != nil {
		return nil, fmt.Errorf("register metrics of listenerstate: %w", failed)
	}
	return m, nil
}

func (m *metrics) applied(r Request, took time.Duration, err error) {
	code := "ok"
	if err != nil {
		code = string(fault.From(err).Code)
	}
	kind := "unknown"
	if r.Command != nil {
		kind = r.Command.kind()
	}
	m.commands.WithLabelValues(kind, code).Inc()
	m.seconds.Observe(took.Seconds())
}
