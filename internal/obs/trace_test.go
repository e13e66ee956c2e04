package obs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
)

func TestTracesReachTheirCollector(t *testing.T) {
	collector, registry := testkit.StartCollector(t), prometheus.NewRegistry()
	stop, err := Trace(t.Context(), TraceConfig{
		Endpoint: collector.Address, Sample: 1, About: About{Role: "room", Node: "n", Region: "r"}, Metrics: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, root := Root(WithRequestID(t.Context(), "request-1"), "GET /v1/rooms")
	inner, span := Span(ctx, "roomstore.live")
	began := time.Now()
	Past(inner, "past", began.Add(-time.Second), began)
	End(span, fault.Unavailable(errors.New("secret"), "away"))
	var line bytes.Buffer
	NewLog(&line, slog.LevelInfo, false).With("role", "room").InfoContext(inner, "call")
	End(root, fault.New(fault.CodeNotLive, "not yet"))
	other, lone := Span(Follow(context.Background(), ctx), "elsewhere")
	End(lone, nil)
	_, routine := otel.Tracer(scope).Start(t.Context(), "renew", trace.WithSpanKind(trace.SpanKindClient))
	if routine.IsRecording() {
		t.Error("a call that nobody asked for is recorded")
	}
	routine.End()
	if RequestID(other) != "request-1" {
		t.Errorf("the request is %q where it is followed", RequestID(other))
	}
	const want = "GET /v1/rooms\n elsewhere\n roomstore.live\n  past\n"
	var got testkit.Trace
	testkit.Eventually(t, time.Minute, func() error {
		traces := collector.Traces("GET /v1/rooms")
		if len(traces) != 1 {
			return fmt.Errorf("%d traces", len(traces))
		}
		if got = traces[0]; got.Outline() != want {
			return fmt.Errorf("the trace is\n%s", got)
		}
		return nil
	})
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range got {
		if s.Service != "room" || s.Failed != (s.Name == "roomstore.live") || strings.Contains(fmt.Sprint(s), "secret") {
			t.Errorf("got %+v", s)
		}
	}
	for _, want := range []string{"request_id=request-1", "trace_id=" + got[0].Trace, "role=room"} {
		if !strings.Contains(line.String(), want) {
			t.Errorf("the line lacks %s: %s", want, line.String())
		}
	}
	if n := counted(t, registry, "rostrum_obs_spans_exported_total", ""); n != 4 {
		t.Errorf("%v spans were exported", n)
	}
}

// Who leaves exports what is left, for a moment: on a busy machine that may be too short.
func TestTheLastTracesAreExported(t *testing.T) {
	collector, before := testkit.StartCollector(t), 0
	testkit.Eventually(t, time.Minute, func() error {
		stop, err := Trace(t.Context(), TraceConfig{Endpoint: collector.Address, Sample: 1})
		if err != nil {
			return err
		}
		_, span := Root(t.Context(), "last")
		End(span, nil)
		if err := stop(t.Context()); err != nil {
			return err
		}
		if before++; len(collector.Traces("last")) == 0 {
			return fmt.Errorf("%d times the last trace did not arrive", before)
		}
		return nil
	})
}

func TestWithoutACollectorNothingIsRecorded(t *testing.T) {
	if stop, err := Trace(t.Context(), TraceConfig{Sample: 1}); err != nil || stop(t.Context()) != nil {
		t.Fatal(err)
	}
	ctx, root := Root(t.Context(), "call")
	if root.IsRecording() {
		t.Error("a trace is recorded")
	}
	inner, span := Span(ctx, "part")
	End(span, nil)
	if inner != ctx {
		t.Error("a span was made outside of a trace")
	}
}

func TestACollectorThatIsAwayCostsSpansAndOneLine(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	registry, log := prometheus.NewRegistry(), &lines{}
	stop, err := Trace(t.Context(), TraceConfig{
		Endpoint: "http://" + gone.Addr().String(), Sample: 1, Log: NewLog(log, slog.LevelInfo, false), Metrics: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	const made = spansWaiting + 500
	began := time.Now()
	for range made {
		_, span := Root(t.Context(), "call")
		End(span, nil)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%d spans took %v: they wait for a collector that is away", made, took)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	testkit.Eventually(t, time.Minute, func() error {
		full := counted(t, registry, "rostrum_obs_spans_dropped_total", dropFull)
		failed := counted(t, registry, "rostrum_obs_spans_dropped_total", dropFailed)
		if full < 500 || failed == 0 {
			return fmt.Errorf("%v dropped where the queue was full, %v failed", full, failed)
		}
		return nil
	})
	if got := log.String(); strings.Count(got, "traces do not reach their collector") != 1 || strings.Count(got, "\n") > 2 {
		t.Errorf("it logged\n%s", got)
	}
}

func TestTraceConfig(t *testing.T) {
	for _, good := range []string{"", "collector:4317", "http://127.0.0.1:4317", "https://collector.example:443/", "[::1]:4317"} {
		if err := (TraceConfig{Endpoint: good}).Validate(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"collector", "ftp://collector:1", "https://collector", "http://user@collector:1", "http://collector:1/v1", "::"} {
		if err := (TraceConfig{Endpoint: bad}).Validate(); err == nil {
			t.Errorf("%q is an endpoint", bad)
		}
	}
	for _, bad := range []float64{-0.1, 1.1} {
		if err := (TraceConfig{Sample: bad}).Validate(); err == nil {
			t.Errorf("%v is a sample", bad)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	for id, good := range map[string]bool{
		"abcd-123": true, strings.Repeat("x", 64): true, NewRequestID(): true,
		"": false, "abcd-12": false, strings.Repeat("x", 65): false, "with space": false, "ünïcödé-": false, "new\nline-": false,
	} {
		if IsRequestID(id) != good {
			t.Errorf("%q: %v", id, !good)
		}
	}
	if RequestID(t.Context()) != "" {
		t.Error("a context without a request has one")
	}
}

// What every store call and command pays where traces are off, or this one is not sampled.
func BenchmarkSpan(b *testing.B) {
	unsampled := trace.ContextWithSpanContext(b.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	for name, ctx := range map[string]context.Context{"off": b.Context(), "unsampled": unsampled} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, span := Span(ctx, "part")
				End(span, nil)
			}
		})
	}
}

// counted is the sum of a counter's values whose labels include one; empty: of all.
func counted(t *testing.T, registry *prometheus.Registry, name, label string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			if label == "" || len(metric.GetLabel()) > 0 && metric.GetLabel()[0].GetValue() == label {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
