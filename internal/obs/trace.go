package obs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	spansWaiting  = 2048 // that are ended and not exported
	spansAtOnce   = 256
	exportEvery   = 2 * time.Second
	exportTimeout = 5 * time.Second
	leaveTimeout  = time.Second
)

// TraceConfig says where traces go.
type TraceConfig struct {
	// Endpoint of a collector that takes OTLP over gRPC: host:port, http://host:port, or https://host:port for TLS.
	// Empty: no traces.
	Endpoint string
	// Sample is how many of the traces that begin in this process are recorded, 0 to 1. A trace that began in another one
	// is recorded where it is recorded there. What a role calls by itself, as to renew a lease, is none.
	Sample float64
	About  About

	Log     *slog.Logger          // nil: silent
	Metrics prometheus.Registerer // nil: none
}

// Validate answers everything that is wrong at once.
func (c TraceConfig) Validate() error {
	var wrong []error
	if _, _, err := c.target(); err != nil {
		wrong = append(wrong, err)
	}
	if !(c.Sample >= 0 && c.Sample <= 1) {
		wrong = append(wrong, fmt.Errorf("traces: sample must be 0 to 1, not %v", c.Sample))
	}
	return errors.Join(wrong...)
}

// target is the collector's host:port, and whether it wants TLS.
func (c TraceConfig) target() (address string, secure bool, err error) {
	text := c.Endpoint
	if text == "" {
		return "", false, nil
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Port() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", false, errors.New("traces: the endpoint must be host:port, with http:// or https:// before it or nothing")
	}
	return u.Host, u.Scheme == "https", nil
}

// Trace records the traces of this process, which has one recorder: that of the newest call. The answer exports what is
// left, for a moment, and ends it. A collector that cannot be reached costs the spans, which are counted, and a line in
// the log when it is lost and when it is back; it is never an error.
func Trace(ctx context.Context, cfg TraceConfig) (stop func(context.Context) error, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Endpoint == "" {
		return func(context.Context) error { return nil }, nil
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m, err := newTraceMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	collector, err := dialCollector(ctx, cfg)
	if err != nil {
		return nil, err
	}
	out := &exporter{next: collector, log: cfg.Log.With("collector", cfg.Endpoint), metrics: m}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(cfg.resource()),
		sdktrace.WithSampler(sdktrace.ParentBased(asked{sdktrace.TraceIDRatioBased(cfg.Sample)})),
		sdktrace.WithSpanProcessor(&gate{out: out, SpanProcessor: sdktrace.NewBatchSpanProcessor(out,
			sdktrace.WithMaxQueueSize(spansWaiting), sdktrace.WithMaxExportBatchSize(spansAtOnce),
			sdktrace.WithBatchTimeout(exportEvery), sdktrace.WithExportTimeout(exportTimeout))}),
	)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	otel.SetTracerProvider(provider)
	return func(ctx context.Context) error {
		otel.SetTracerProvider(noop.NewTracerProvider())
		ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			cfg.Log.Warn("the last traces did not reach their collector", "error", err)
		}
		return nil
	}, nil
}

func dialCollector(ctx context.Context, cfg TraceConfig) (sdktrace.SpanExporter, error) {
	address, secure, err := cfg.target()
	if err != nil {
		return nil, err
	}
	options := []otlptracegrpc.Option{
		otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithTimeout(exportTimeout),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: 200 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: exportTimeout,
		}),
	}
	if !secure {
		options = append(options, otlptracegrpc.WithInsecure())
	}
	collector, err := otlptracegrpc.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("dial the collector of traces %s: %w", cfg.Endpoint, err)
	}
	return collector, nil
}

func (c TraceConfig) resource() *resource.Resource {
	return resource.NewSchemaless(
		attribute.String("service.namespace", "rostrum"), attribute.String("service.name", c.About.Role),
		attribute.String("service.instance.id", c.About.Node), attribute.String("service.version", readBuild().version),
		attribute.String("cloud.region", c.About.Region),
	)
}
