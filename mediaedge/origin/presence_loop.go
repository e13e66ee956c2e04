package origin

import (
	"context"

	"rostrum/internal/fault"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// internalTries is how often a report is tried that the stage log says it cannot take.
const internalTries = 10

// report tells the stage log of microphones until ctx ends.
func (r *room) report(ctx context.Context, log stageLog) {
	var wait pause
	for {
		next, found := r.presence.next()
		if !found {
			select {
			case <-r.presence.bell:
				continue
			case <-ctx.Done():
				return
			}
		}
		err := r.reportMedia(ctx, log, next)
		switch {
		case ctx.Err() != nil:
			r.metrics.mediaReports.WithLabelValues(reportAbandoned).Add(float64(r.presence.left()))
			return
		case err == nil:
			r.metrics.mediaReports.WithLabelValues(reportTold).Inc()
			r.presence.done(next)
			wait.tries = 0
		case !fault.MayPass(err), fault.From(err).Code == fault.CodeInternal && wait.tries >= internalTries:
			r.metrics.mediaReports.WithLabelValues(reportRefused).Inc()
			r.log.Warn("the news of a microphone was refused", "session", next.session, "lost", next.lost, "error", err)
			r.presence.done(next)
			wait.tries = 0
		default:
			r.metrics.mediaReports.WithLabelValues(reportFailed).Inc()
			if wait.tries == 0 {
				r.log.Warn("the news of a microphone cannot be told; trying again", "session", next.session, "error", err)
			}
			wait.sleep(ctx)
		}
	}
}

func (r *room) reportMedia(ctx context.Context, log stageLog, next report) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	_, err := log.Apply(ctx, &listenerstatev1.ApplyRequest{
		App: string(r.app), Room: string(r.id), CommandId: next.command(), Actor: actor(),
		Command: &listenerstatev1.ApplyRequest_ReportMedia{ReportMedia: &listenerstatev1.ReportMedia{
			User: string(next.user), Session: string(next.session), Lost: next.lost,
		}},
	})
	return err
}

// actor is this service in the stage log.
func actor() *listenerstatev1.Actor {
	return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: "sfu"}}
}
