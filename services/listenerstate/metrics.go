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
	steps    *prometheus.HistogramVec // step: those of laps
	events   prometheus.Counter
	retries  *prometheus.CounterVec // reason
	repairs  *prometheus.CounterVec // reason
	watchers prometheus.Gauge
	ends     *prometheus.CounterVec // reason
	unmarked prometheus.Counter
	together prometheus.Histogram

	waitsFailed     prometheus.Counter
	heldOnce        prometheus.Gauge
	archived        prometheus.Histogram
	archiveFailures prometheus.Counter
	full            *prometheus.CounterVec // bound: room, instance
	offers          prometheus.Counter
	lost            prometheus.Counter
	textsLeftOut    prometheus.Counter

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
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "rostrum_listenerstate_step_seconds",
			Help:    "Where a command's time goes: the key of personal fields, waiting in its lane, deciding, appending to Redis, until it is held twice, acknowledging.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 2, 15),
		}, []string{"step"}),
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
		waitsFailed: prometheus.NewCounter(counter("replica_waits_failed_total", "Waits for a replica that none answered in time.")),
		heldOnce: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rostrum_listenerstate_held_once", Help: "1 where Redis has acknowledged events once only, or does not tell.",
		}),
		archived: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rostrum_listenerstate_archived_seconds", Help: "From an event's append, or its reading here, to the archive having it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
		}),
		archiveFailures: prometheus.NewCounter(counter("archive_failures_total", "Appends to the archive that failed and are tried again.")),
		full: prometheus.NewCounterVec(counter("unarchived_full_total",
			"Commands refused because the archive lacks too much, of their room or of all."), []string{"bound"}),
		offers:       prometheus.NewCounter(counter("offers_total", "Logs of which this instance offered a repair what it has.")),
		lost:         prometheus.NewCounter(counter("lost_events_total", "Events that this instance acknowledged and that did not come into a new term.")),
		textsLeftOut: prometheus.NewCounter(counter("texts_left_out_total", "Commands whose names and notes were left out because the store of keys was away.")),
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
		m.commands, m.seconds, m.steps, m.events, m.retries, m.repairs, m.watchers, m.ends, m.unmarked, m.together, m.timerLate, m.timerFailures,
		m.waitsFailed, m.heldOnce, m.archived, m.archiveFailures, m.full, m.offers, m.lost,
		m.textsLeftOut,
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

// watchBacklogs registers what the archive lacks at the moment of a look.
func (m *metrics) watchBacklogs(registry prometheus.Registerer, rooms *keepers) error {
	if registry == nil {
		return nil
	}
	gauge := func(name, help string, of func(events int, bytes int64, age time.Duration) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "rostrum_listenerstate_unarchived_" + name, Help: help}, func() float64 {
			return of(rooms.backlogs())
		})
	}
	var failed error
	for _, collector := range []prometheus.Collector{
		gauge("events", "Events that the archive lacks, as far as is known here.", func(events int, _ int64, _ time.Duration) float64 { return float64(events) }),
		gauge("bytes", "Memory of the events that the archive lacks.", func(_ int, bytes int64, _ time.Duration) float64 { return float64(bytes) }),
		gauge("age_seconds", "For how long the archive has lacked the oldest event that it lacks.", func(_ int, _ int64, age time.Duration) float64 { return age.Seconds() }),
	} {
		failed = errors.Join(failed, registry.Register(collector))
	}
	return failed
}
