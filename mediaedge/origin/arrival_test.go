package origin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rostrum/internal/obs"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

func TestArrivals(t *testing.T) {
	collector := testkit.StartCollector(t)
	stop, err := obs.Trace(t.Context(), obs.TraceConfig{Endpoint: collector.Address, Sample: 1})
	if err != nil {
		t.Fatal(err)
	}
	var a arrivals
	ctx, offer := obs.Root(t.Context(), "offer")
	now := time.Now()
	quiet, loud := level(1, audio.Silence), level(1, 30)

	a.begin(ctx, 1)
	a.batch(1, []audio.Level{loud}, now) // of whoever had the seat before
	a.packet(1)
	a.packet(1)
	a.batch(2, []audio.Level{quiet}, now)
	a.batch(3, []audio.Level{level(2, 30)}, now)
	if a.open.Load() != 1 {
		t.Fatalf("%d are followed before the first is heard", a.open.Load())
	}
	a.batch(4, []audio.Level{quiet, loud}, now)

	a.begin(ctx, 2)
	a.begin(ctx, 2)
	a.packet(2)
	a.batch(5, []audio.Level{level(2, audio.Silence)}, now.Add(2*arrivalMost))
	a.begin(ctx, audio.MaxSeats)
	a.begin(ctx, audio.MaxSeats+1) // no seat
	a.begin(t.Context(), 3)        // not traced
	a.close()
	if a.open.Load() != 0 {
		t.Errorf("%d are followed in the end", a.open.Load())
	}
	obs.End(offer, nil)
	testkit.Eventually(t, time.Minute, func() error {
		if len(collector.Traces("offer")) == 0 {
			return errors.New("the trace did not arrive")
		}
		return nil
	})
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	var ends []string
	for _, s := range collector.Traces("offer")[0] {
		ends = append(ends, s.Name+" "+s.Attributes["rostrum.end"]+" "+s.Attributes["rostrum.batch"])
	}
	slices.Sort(ends)
	want := []string{
		"offer  ", "origin.first_batch heard 4", "origin.first_batch silent ", "origin.first_packet  ", "origin.first_packet  ",
		"origin.first_packet closed ", "origin.first_packet replaced ",
	}
	if !slices.Equal(ends, want) {
		t.Errorf("the spans ended\n%q\nwanted\n%q", ends, want)
	}
}

func level(seat audio.Seat, dbov uint8) audio.Level {
	l := audio.Level{Seat: seat}
	for i := range l.DBov {
		l.DBov[i] = dbov
	}
	return l
}

// What a batch and a packet pay where nobody is followed.
func BenchmarkArrivals(b *testing.B) {
	var a arrivals
	levels, now := []audio.Level{level(1, 30)}, time.Now()
	b.ReportAllocs()
	for b.Loop() {
		a.packet(1)
		a.batch(1, levels, now)
	}
}
