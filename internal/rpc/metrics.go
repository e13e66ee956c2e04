package rpc

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// Metrics are the figures of all servers and connections of a process. Nil takes none.
type Metrics struct {
	calls   *prometheus.HistogramVec
	streams *prometheus.GaugeVec
	repeats prometheus.Counter
	silents prometheus.Counter
}

// NewMetrics registers the figures, once a process.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rostrum_rpc_call_seconds", Help: "Time that a server took for a call that is no stream, by fault code.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 11), // 0.5 ms to 4.8 s
		}, []string{"service", "method", "code"}),
		streams: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rostrum_rpc_streams", Help: "Streams that are served.",
		}, []string{"service", "method"}),
		repeats: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_rpc_repeated_calls_total", Help: "Tries of calls after the first.",
		}),
		silents: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rostrum_rpc_silent_connections_total", Help: "Connections that were ended because nothing came over them for 3 s.",
		}),
	}
	return m, obs.Register(registry, m.calls, m.streams, m.repeats, m.silents)
}

func (m *Metrics) called(method string, begun time.Time, err error) {
	if m == nil {
		return
	}
	service, name := split(method)
	m.calls.WithLabelValues(service, name, label(err)).Observe(time.Since(begun).Seconds())
}

// streaming counts a stream until the answer is called.
func (m *Metrics) streaming(method string) (done func()) {
	if m == nil {
		return func() {}
	}
	streams := m.streams.WithLabelValues(split(method))
	streams.Inc()
	return streams.Dec
}

func (m *Metrics) silent() {
	if m != nil {
		m.silents.Inc()
	}
}

func label(err error) string {
	switch {
	case err == nil:
		return "ok"
	case status.Code(err) == codes.Canceled || errors.Is(err, context.Canceled):
		return "canceled"
	}
	return string(fault.From(err).Code)
}

// split makes "listenerstate.v1.ListenerState" and "Apply" of a method's full name.
func split(method string) (service, name string) {
	method = strings.TrimPrefix(method, "/")
	service, name, _ = strings.Cut(strings.TrimPrefix(method, "rostrum."), "/")
	return service, name
}

type attemptsKey struct{}

// counted answers a context in which a call's tries are counted.
func counted(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptsKey{}, new(atomic.Int32))
}

// attempts counts the tries of calls after the first (stats.Handler).
type attempts struct{ metrics *Metrics }

func (a attempts) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, begins := s.(*stats.Begin); !begins {
		return
	}
	if tries, ok := ctx.Value(attemptsKey{}).(*atomic.Int32); ok && tries.Add(1) > 1 {
		a.metrics.repeats.Inc()
	}
}

func (attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (attempts) HandleConn(context.Context, stats.ConnStats)                       {}
