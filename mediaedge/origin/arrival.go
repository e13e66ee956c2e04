package origin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"rostrum/internal/obs"
	"rostrum/mediaedge/audio"
)

// arrivalMost is how long a trace waits for a new session to be heard: it may be muted, or say nothing.
const arrivalMost = 30 * time.Second

// arrivals follow new sessions in their traces, from the answer to the first packet and on to the first batch in which
// the seat sounds. While none is followed, a batch costs one atomic load and a packet nothing.
type arrivals struct {
	open atomic.Int32

	mu    sync.Mutex
	seats [audio.MaxSeats + 1]arrival
}

// arrival is one session that is followed. Its zero value is none.
type arrival struct {
	ctx   context.Context // carries the trace of the offer
	span  trace.Span      // of what is waited for: the first packet, then the first batch
	since time.Time
	heard bool
}

// begin follows a session whose offer was just answered, where the offer is traced. It takes the place of an older one.
func (a *arrivals) begin(ctx context.Context, seat audio.Seat) {
	if int(seat) >= len(a.seats) || !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	ctx = obs.Follow(context.Background(), ctx)
	_, span := obs.Span(ctx, "origin.first_packet", attribute.Int("rostrum.seat", int(seat)))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.endLocked(seat, "replaced")
	a.seats[seat] = arrival{ctx: ctx, span: span, since: time.Now()}
	a.open.Add(1)
}

// packet notes that a packet of a new source has come in a seat.
func (a *arrivals) packet(seat audio.Seat) {
	if a.open.Load() == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	followed := &a.seats[seat]
	if followed.span == nil || followed.heard {
		return
	}
	followed.span.End()
	_, followed.span = obs.Span(followed.ctx, "origin.first_batch", attribute.Int("rostrum.seat", int(seat)))
	followed.heard = true
}

// batch notes that a batch was made, and which seats it measured. Those that have waited too long are given up.
func (a *arrivals) batch(number audio.Number, levels []audio.Level, now time.Time) {
	if a.open.Load() == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, level := range levels {
		if a.seats[level.Seat].heard && sounds(level) {
			a.seats[level.Seat].span.SetAttributes(attribute.Int64("rostrum.batch", int64(number)))
			a.endLocked(level.Seat, "heard")
		}
	}
	for seat, followed := range a.seats {
		if followed.span != nil && now.Sub(followed.since) > arrivalMost {
			a.endLocked(audio.Seat(seat), "silent")
		}
	}
}

// close gives all of them up.
func (a *arrivals) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for seat := range a.seats {
		a.endLocked(audio.Seat(seat), "closed")
	}
}

func (a *arrivals) endLocked(seat audio.Seat, how string) {
	if span := a.seats[seat].span; span != nil {
		span.SetAttributes(attribute.String("rostrum.end", how))
		span.End()
		a.seats[seat] = arrival{}
		a.open.Add(-1)
	}
}

// sounds says whether a seat has any sound in a batch.
func sounds(level audio.Level) bool {
	for _, frame := range level.DBov {
		if frame < audio.Silence {
			return true
		}
	}
	return false
}
