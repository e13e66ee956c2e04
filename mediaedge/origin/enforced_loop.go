package origin

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	// enforcedEvery is the least time between two reports: 50 a second.
	enforcedEvery = 20 * time.Millisecond
	// enforcedIdle is the same where nothing changed about who may be heard.
	enforcedIdle = time.Second
	// enforcedRetry bounds the time between two tries: somebody waits to see that the mute is true.
	enforcedRetry = 400 * time.Millisecond
	reportTimeout = 2 * time.Second
)

// enforced reports up to which position of the stage log the SFU does what the stage says. Only the newest position is
// reported, one at a time. Whoever notes one never waits.
type enforced struct {
	// static
	log     stageLog
	request *listenerstatev1.ReportEnforcedRequest // Position is run's
	logger  *slog.Logger
	metrics *Metrics
	bell    chan struct{} // holds one token: something is to be reported sooner than known

	mu     sync.Mutex
	newest audio.Position
	due    due
}

// due is what is to be reported.
type due struct {
	any    bool
	voices bool      // among it is something about who may be heard
	since  time.Time // when that was noted
}

// note says that a position is enforced. One that changes who may be heard is reported at once, others within a second.
func (e *enforced) note(position audio.Position, voices bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.newest.Before(position) {
		return
	}
	e.newest = position
	sooner := !e.due.any || voices && !e.due.voices
	if voices && !e.due.voices {
		e.due.since = time.Now()
	}
	e.due.any, e.due.voices = true, e.due.voices || voices
	if sooner {
		ring(e.bell)
	}
}

// look answers what is due without taking it.
func (e *enforced) look() due {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.due
}

// take answers the newest position, which is then not due any more.
func (e *enforced) take() (audio.Position, due) {
	e.mu.Lock()
	defer e.mu.Unlock()
	taken := e.due
	e.due = due{}
	return e.newest, taken
}

// back makes what could not be reported due again.
func (e *enforced) back(failed due) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.due.any = true
	if failed.voices {
		e.due.voices, e.due.since = true, failed.since
	}
}

// run reports until ctx ends.
func (e *enforced) run(ctx context.Context) {
	wait := pause{most: enforcedRetry}
	var (
		last time.Time
		said bool // that it fails
	)
	for e.wait(ctx, last) {
		last = time.Now()
		position, taken := e.take()
		err := e.report(ctx, position)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			e.metrics.enforcedReports.WithLabelValues(reportTold).Inc()
			if taken.voices {
				e.metrics.enforcedSeconds.Observe(time.Since(taken.since).Seconds())
			}
			wait.tries, said = 0, false
			continue
		case !fault.MayPass(err):
			e.metrics.enforcedReports.WithLabelValues(reportRefused).Inc()
		default:
			e.metrics.enforcedReports.WithLabelValues(reportFailed).Inc()
			e.back(taken)
		}
		if !said {
			said = true
			e.logger.Warn("the stage does not hear what is enforced", "error", err)
		}
		if !wait.sleep(ctx) {
			return
		}
	}
}

// wait returns when a report is due, the last one having begun at a time, or with false when ctx ends.
func (e *enforced) wait(ctx context.Context, last time.Time) bool {
	for {
		pace, now := enforcedIdle, e.look()
		if now.voices {
			pace = enforcedEvery
		}
		var timer <-chan time.Time
		if now.any {
			left := time.Until(last.Add(pace))
			if left <= 0 {
				return true
			}
			timer = time.After(left)
		}
		select {
		case <-timer:
		case <-e.bell:
		case <-ctx.Done():
			return false
		}
	}
}

func (e *enforced) report(ctx context.Context, position audio.Position) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	e.request.Position = audio.WirePosition(position)
	_, err := e.log.ReportEnforced(ctx, e.request)
	return err
}

// ring puts a token into a bell that holds one.
func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
