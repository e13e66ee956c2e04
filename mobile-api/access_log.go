package mobileapi

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/obs"
)

// noRoute is what a call is counted under that found none.
const noRoute = "none"

// noted is a response writer that collects what the access log says about a call. Neither path nor query is in it:
// both can carry what must stay secret.
type noted struct {
	http.ResponseWriter
	id     string
	span   trace.Span
	route  string // empty: none
	user   id.User
	status int
	bytes  int
	code   string // "ok" or a fault's code
	err    error
}

// notes are those of a writer that observed made.
func notes(w http.ResponseWriter) *noted { return w.(*noted) }

func (n *noted) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

func (n *noted) Write(b []byte) (int, error) {
	written, err := n.ResponseWriter.Write(b)
	n.bytes += written
	return written, err
}

// Unwrap lets http.ResponseController through.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// Hijack gives the connection away, as upgrades to WebSockets do.
func (n *noted) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(n.ResponseWriter).Hijack()
	if err == nil {
		n.status = http.StatusSwitchingProtocols
	}
	return conn, buffered, err
}

// observed gives every call an id, a trace, a line in the log and a place in the metrics. The trace is always a new one:
// with a traceparent of theirs, strangers would decide what is recorded and what it is counted to.
func (g *Gateway) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		n := &noted{ResponseWriter: w, id: requestID(r), status: http.StatusOK, code: "ok"}
		ctx, span := obs.Root(obs.WithRequestID(r.Context(), n.id), noRoute, attribute.String("rostrum.request_id", n.id))
		n.span, r = span, r.WithContext(ctx)
		defer n.endSpan()
		h := w.Header()
		open(h)
		h.Set("X-Request-Id", n.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(n, r)
		if n.err != nil && errors.Is(r.Context().Err(), context.Canceled) {
			n.code = "canceled" // the client left; nothing is wrong here
		}
		took := time.Since(began)
		if n.status != http.StatusSwitchingProtocols { // the life of a socket is no time of an answer
			g.metrics.seconds.WithLabelValues(n.label(), n.code).Observe(took.Seconds())
		}
		g.write(r, n, took)
	})
}

func (g *Gateway) write(r *http.Request, n *noted, took time.Duration) {
	level := slog.LevelInfo
	fields := []slog.Attr{
		slog.String("route", n.label()), slog.Int("status", n.status), slog.String("code", n.code),
		slog.Int("bytes", n.bytes), slog.Duration("took", took),
	}
	if n.user != "" {
		fields = append(fields, slog.String("user", string(n.user)))
	}
	switch fault.Code(n.code) {
	case fault.CodeInternal:
		level = slog.LevelError
	case fault.CodeUnavailable, fault.CodeTimeout:
		level = slog.LevelWarn
	}
	if level > slog.LevelInfo {
		fields = append(fields, slog.Any("error", n.err))
	}
	g.log.LogAttrs(r.Context(), level, "call", fields...)
}

func (n *noted) label() string {
	if n.route == "" {
		return noRoute
	}
	return n.route
}

// endSpan ends the call's part of its trace; further calls change nothing.
func (n *noted) endSpan() {
	n.span.SetName(n.label())
	n.span.SetAttributes(attribute.String("http.route", n.label()), attribute.Int("http.response.status_code", n.status))
	obs.End(n.span, n.err)
}

// requestID is the caller's where it is well formed, else a new one.
func requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); obs.IsRequestID(given) {
		return given
	}
	return obs.NewRequestID()
}
