package testkit

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// mostSpans bounds what a collector keeps; what comes after is lost.
const mostSpans = 20_000

// Collector takes traces as a collector of OTLP over gRPC does, and keeps them.
type Collector struct {
	collectorv1.UnimplementedTraceServiceServer
	Address string // host:port

	mu    sync.Mutex
	spans []Span
}

// StartCollector starts a collector on a free port, until the test ends.
func StartCollector(t testing.TB) *Collector {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{Address: listener.Addr().String()}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("collector: %v", err)
		}
	})
	return c
}

// Export takes spans (opentelemetry.proto.collector.trace.v1.TraceService).
func (c *Collector) Export(_ context.Context, in *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range in.GetResourceSpans() {
		service := attributes(resource.GetResource().GetAttributes())["service.name"]
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				if len(c.spans) < mostSpans {
					c.spans = append(c.spans, spanFrom(span, service))
				}
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

func spanFrom(s *tracev1.Span, service string) Span {
	return Span{
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Name: s.GetName(), Service: service, Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		Start: time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
		Failed: s.GetStatus().GetCode() == tracev1.Status_STATUS_CODE_ERROR, Attributes: attributes(s.GetAttributes()),
	}
}

func attributes(pairs []*commonv1.KeyValue) map[string]string {
	out := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		value := pair.GetValue()
		switch v := value.GetValue().(type) {
		case *commonv1.AnyValue_StringValue:
			out[pair.GetKey()] = v.StringValue
		case *commonv1.AnyValue_IntValue:
			out[pair.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			out[pair.GetKey()] = value.String()
		}
	}
	return out
}

// Traces answers the traces whose root has a name, the oldest first.
func (c *Collector) Traces(root string) []Trace {
	c.mu.Lock()
	defer c.mu.Unlock()
	byTrace := map[string]Trace{}
	for _, span := range c.spans {
		byTrace[span.Trace] = append(byTrace[span.Trace], span)
	}
	var out []Trace
	for _, trace := range byTrace {
		slices.SortFunc(trace, earlier)
		if i := slices.IndexFunc(trace, func(s Span) bool { return s.Parent == "" }); i >= 0 && trace[i].Name == root {
			out = append(out, trace)
		}
	}
	slices.SortFunc(out, func(a, b Trace) int { return earlier(a[0], b[0]) })
	return out
}
