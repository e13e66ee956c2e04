package obs

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Why a span did not reach the collector.
const (
	dropFull   = "queue_full" // more ended than are exported
	dropFailed = "failed"     // the collector did not take them
)

type traceMetrics struct {
	exported prometheus.Counter
	dropped  *prometheus.CounterVec // reason
}

func newTraceMetrics(registry prometheus.Registerer) (*traceMetrics, error) {
	m := &traceMetrics{
		exported: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_obs_spans_exported_total", Help: "Spans that the collector took.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rostrum_obs_spans_dropped_total", Help: "Spans that did not reach the collector, by reason.",
		}, []string{"reason"}),
	}
	return m, Register(registry, m.exported, m.dropped)
}

// gate bounds the spans that wait for their export, and counts those it has no room for.
type gate struct {
	sdktrace.SpanProcessor
	out *exporter
}

func (g *gate) OnEnd(span sdktrace.ReadOnlySpan) {
	if !span.SpanContext().IsSampled() {
		return
	}
	if g.out.waiting.Add(1) > spansWaiting {
		g.out.waiting.Add(-1)
		g.out.metrics.dropped.WithLabelValues(dropFull).Inc()
		return
	}
	g.SpanProcessor.OnEnd(span)
}

// exporter hands spans to the collector. Its failures end here.
type exporter struct {
	next    sdktrace.SpanExporter
	log     *slog.Logger
	metrics *traceMetrics
	waiting atomic.Int64

	lost bool // owned by the processor, which exports one batch at a time
}

func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.next.ExportSpans(ctx, spans)
	e.waiting.Add(-int64(len(spans)))
	if err != nil {
		e.metrics.dropped.WithLabelValues(dropFailed).Add(float64(len(spans)))
	} else {
		e.metrics.exported.Add(float64(len(spans)))
	}
	switch lost := err != nil; {
	case lost && !e.lost:
		e.log.Warn("traces do not reach their collector", "error", err)
	case !lost && e.lost:
		e.log.Info("traces reach their collector again")
	}
	e.lost = err != nil
	return nil
}

func (e *exporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }
