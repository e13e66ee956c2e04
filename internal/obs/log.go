package obs

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLog writes one line of key=value text per record, or JSON. Records that were given a context also say the request
// and the sampled trace that it belongs to.
func NewLog(w io.Writer, level slog.Level, json bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if json {
		return slog.New(linked{slog.NewJSONHandler(w, options)})
	}
	return slog.New(linked{slog.NewTextHandler(w, options)})
}

// linked adds to each record what its context knows.
type linked struct{ slog.Handler }

func (l linked) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		r.AddAttrs(slog.String("trace_id", at.TraceID().String()))
	}
	return l.Handler.Handle(ctx, r)
}

func (l linked) WithAttrs(attrs []slog.Attr) slog.Handler { return linked{l.Handler.WithAttrs(attrs)} }

func (l linked) WithGroup(name string) slog.Handler { return linked{l.Handler.WithGroup(name)} }
