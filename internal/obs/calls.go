package obs

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Calls times what is asked of one store: a histogram by operation and outcome, and a span in the trace of the caller.
type Calls struct {
	name    string
	seconds *prometheus.HistogramVec
}

// NewCalls makes the metric rostrum_<name>_call_seconds.
func NewCalls(registry prometheus.Registerer, name, help string) (*Calls, error) {
	c := &Calls{name: name, seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rostrum_" + name + "_call_seconds", Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"operation", "outcome"})}
	return c, Register(registry, c.seconds)
}

// Begin begins a call; done is told what came of it. Operations are a closed list.
func (c *Calls) Begin(ctx context.Context, operation string) (_ context.Context, done func(error)) {
	start := time.Now()
	ctx, span := Span(ctx, c.name+"."+operation)
	return ctx, func(err error) {
		c.seconds.WithLabelValues(operation, Outcome(err)).Observe(time.Since(start).Seconds())
		End(span, err)
	}
}
