package obs

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	grpccodes "google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rostrum/internal/fault"
)

const scope = "rostrum"

// Root begins a trace of its own for something that people or machines outside ask for, whatever trace ctx belongs to.
// End ends it.
func Root(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
}

// Span begins a part of the trace that ctx belongs to; outside of a trace it does nothing. End ends it.
func Span(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, trace.SpanFromContext(context.Background()) // the span that does nothing
	}
	return otel.Tracer(scope).Start(ctx, name, trace.WithAttributes(attributes...))
}

// Past records a part of ctx's trace that is over.
func Past(ctx context.Context, name string, from, to time.Time, attributes ...attribute.KeyValue) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	_, span := otel.Tracer(scope).Start(ctx, name, trace.WithTimestamp(from), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(to))
}

// End ends a span with what came of it: the code of a fault, and for faults that are ours the status of an error. Texts
// of errors stay in the log, which says the trace.
func End(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		code := Outcome(err)
		span.SetAttributes(attribute.String("rostrum.code", code))
		switch fault.Code(code) {
		case fault.CodeInternal, fault.CodeUnavailable, fault.CodeTimeout:
			span.SetStatus(codes.Error, code)
		}
	}
	span.End()
}

// Follow answers ctx as a part of the request and the trace of another context, whose end and deadline it does not
// share: for work that is done for several at once.
func Follow(ctx, of context.Context) context.Context {
	ctx = trace.ContextWithSpan(ctx, trace.SpanFromContext(of))
	if id := RequestID(of); id != "" {
		ctx = WithRequestID(ctx, id)
	}
	return ctx
}

// Outcome says in a word from a closed list what came of a call: ok, canceled, or the code of a fault.
func Outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled), status.Code(err) == grpccodes.Canceled:
		return "canceled"
	}
	return string(fault.From(err).Code)
}
