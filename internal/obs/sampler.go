package obs

import (
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// asked samples traces that begin because somebody outside asks for something. Those that begin with a call of our own are
// the routine of a role, several a second for each room: figures tell more of them.
type asked struct{ sdktrace.Sampler }

func (s asked) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if p.Kind == trace.SpanKindClient {
		return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
	}
	return s.Sampler.ShouldSample(p)
}
