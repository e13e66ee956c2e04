package load

import (
	"context"
	"fmt"
	"time"

	"rostrum/cmd/rostrum/report"
)

// moment is how things stood at a second of the run.
type moment struct {
	at     float64 // seconds since the beginning
	counts counts
	usage  map[string]usage
}

// attend looks at everything once a second until the time is over or ctx ends.
func (r *run) attend(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	failed := make(chan error, len(r.processes))
	for _, p := range r.processes {
		go func() { // ends with the process
			<-p.ended
			failed <- p.err
		}()
	}
	for {
		select {
		case now := <-ticker.C:
			r.look(now)
			if r.allOut.IsZero() && r.moments[len(r.moments)-1].counts.Started >= r.plan.listeners {
				r.allOut = now
			}
			if !r.allOut.IsZero() && now.Sub(r.allOut) >= r.plan.duration {
				return nil
			}
		case err := <-failed:
			return fmt.Errorf("a process that listens ended: %w", err)
		case <-ctx.Done():
			r.stopped = true
			r.progress.Note(time.Now(), "stopped before its time")
			return nil
		}
	}
}

// look takes a reading and says it.
func (r *run) look(now time.Time) {
	r.costs.look()
	m := moment{at: now.Sub(r.begun).Seconds(), counts: r.sum(), usage: map[string]usage{}}
	for name, u := range r.costs.now {
		m.usage[name] = u
	}
	r.moments = append(r.moments, m)
	rate, late := r.newest(now)
	fields := []report.Field{
		report.Of("listeners", fmt.Sprintf("%d/%d", m.counts.Connected, r.plan.listeners)),
		report.Of("batches/s", fmt.Sprintf("%.0f", rate)),
		report.Of("lost", m.counts.Lost), report.Of("late p99", fmt.Sprintf("%.0f ms", late.P99*1000)),
	}
	for _, f := range []struct {
		name  string
		count uint64
	}{
		{"in gaps", m.counts.GapNumbers}, {"corrupt", m.counts.Corrupt}, {"repeated", m.counts.Repeated},
		{"reconnected", uint64(m.counts.Reconnected)}, {"sent away", uint64(m.counts.Ended)},
	} {
		if f.count > 0 {
			fields = append(fields, report.Of(f.name, f.count))
		}
	}
	r.progress.Say(now, fields...)
}

// newest answers how many batches came in a second, and how late deliveries were in the second before.
func (r *run) newest(now time.Time) (rate float64, late report.Quantiles) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range r.rates {
		rate += of
	}
	return rate, r.lateness.second(int(now.Sub(r.begun)/time.Second) - 1)
}

// sum adds up what the processes counted.
func (r *run) sum() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all counts
	for _, c := range r.counts {
		all.add(c)
	}
	return all
}
