package events

import (
	"context"
	"fmt"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	// reportersAtOnce is how many reports of presence are on their way.
	reportersAtOnce = 4
	reportsWaiting  = 256
	// toldAgain is how long after a report the stage may take to show it.
	toldAgain = 5 * time.Second
	// mostOwed is how long the absence of a person is tried to be told.
	mostOwed = 5 * time.Minute
)

// report is what a room wants the stage to know of a person with a raised hand.
type report struct {
	room   *room
	user   id.User
	absent bool
}

// outcome is what became of a report.
type outcome struct {
	report
	err error
}

// presence tells stages whether people are here. A room never waits for it.
type presence struct {
	sockets *Sockets
	boot    string // makes command ids unique
	queue   chan report
}

// run sends reports until ctx ends.
func (p *presence) run(ctx context.Context) {
	for {
		select {
		case r := <-p.queue:
			err := p.send(ctx, r)
			result := "ok"
			if err != nil {
				result = "failed"
			}
			p.sockets.metrics.reports.WithLabelValues(result).Inc()
			select {
			case r.room.outcomes <- outcome{r, err}:
			case <-r.room.over:
			}
		case <-ctx.Done():
			return
		}
	}
}

func (p *presence) send(ctx context.Context, r report) error {
	ctx, cancel := context.WithTimeout(ctx, p.sockets.pace.apply)
	defer cancel()
	_, err := p.sockets.cfg.Stage.Apply(ctx, &listenerstatev1.ApplyRequest{
		App: string(p.sockets.cfg.App), Room: string(r.room.id), CommandId: fmt.Sprintf("presence:%s:%d", p.boot, p.sockets.reported.Add(1)),
		Actor:   &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_Service{Service: "gateway"}},
		Command: &listenerstatev1.ApplyRequest_ReportPresence{ReportPresence: &listenerstatev1.ReportPresence{User: string(r.user), Absent: r.absent}},
	})
	return err
}

// attend has a person's presence told where the stage has it wrong. What finds the queue full is tried at the next tick.
func (r *room) attend(p *person) {
	if r.stage == nil {
		return
	}
	absent, owed := p.owes(r.stage, r.now, r.sockets.pace.back)
	if !owed {
		return
	}
	select {
	case r.sockets.presence.queue <- report{r, p.user, absent}:
		p.reporting = true
	default:
	}
}

// reported takes what became of a report.
func (r *room) reported(o outcome) {
	p := r.people[o.user]
	if p == nil {
		return
	}
	p.reporting, p.said = false, o.absent
	if o.err == nil || !fault.MayPass(o.err) {
		p.tries, p.told, p.again = 0, o.absent && len(p.conns) == 0, r.now.Add(toldAgain)
		r.attend(p) // may have come or gone meanwhile
		return
	}
	p.again = r.now.Add(min(time.Second<<min(p.tries, 4), 10*time.Second))
	p.tries++
	r.attend(p)
}
