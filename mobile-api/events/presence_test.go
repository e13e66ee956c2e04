package events

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// presenceWorld has a log that does what gateways report of people's presence.
func presenceWorld(t *testing.T, back time.Duration) *world {
	p := quick()
	p.back, p.tick = back, 20*time.Millisecond
	log := newFakeLog(ada)
	log.onApply = func(_ context.Context, in *v1.ApplyRequest) (*v1.ApplyResponse, error) {
		if report := in.GetReportPresence(); report != nil {
			log.happen(absentBy(report.User, report.Absent))
		}
		return &v1.ApplyResponse{Position: log.position().Wire()}, nil
	}
	return newWorld(t, p, log)
}

// reports waits for a number of reports of presence, and answers them all.
func (w *world) reports(least int) (all []*v1.ReportPresence) {
	w.t.Helper()
	testkit.Eventually(w.t, long, func() error {
		all = nil
		for _, in := range w.log.requests() {
			if report := in.GetReportPresence(); report != nil {
				all = append(all, report)
				if in.GetActor().GetService() != "gateway" || len(in.CommandId) > 64 {
					return fmt.Errorf("reported by %v as %s", in.Actor, in.CommandId)
				}
			}
		}
		if len(all) < least {
			return fmt.Errorf("%d reports, want %d", len(all), least)
		}
		return nil
	})
	return all
}

func TestWhoIsGoneIsReported(t *testing.T) {
	w := presenceWorld(t, 100*time.Millisecond)
	w.log.happen(raisedBy(noor, ""))
	c, _ := w.open(noor)
	c.Close()
	if all := w.reports(1); all[0].User != noor || !all[0].Absent {
		t.Errorf("reported %v", all)
	}
	again, first := w.open(noor)
	if first.You.Place != 1 {
		t.Errorf("came back to %s", first.text)
	}
	again.nextEvent(handPresent)
	if all := w.reports(2); all[1].User != noor || all[1].Absent || len(all) != 2 {
		t.Errorf("reported %v", all)
	}
}

// Whoever comes back in time, has another socket, or has no hand up is not reported.
func TestWhoIsNotGoneIsNotReported(t *testing.T) {
	w := presenceWorld(t, 4*time.Second)
	w.log.happen(raisedBy(noor, ""), raisedBy(cem, ""), raisedBy(ada, ""))
	back, _ := w.open(noor)
	one, _ := w.open(cem)
	w.open(cem)
	handless, _ := w.open(mod)
	gone, _ := w.open(ada)
	back.Close()
	one.Close()
	handless.Close()
	w.open(noor)
	gone.Close() // the last one: when it is reported, all others would have been
	w.reports(1)
	<-time.After(100 * time.Millisecond)
	if all := w.reports(1); len(all) != 1 || all[0].User != ada {
		t.Errorf("reported %v", all)
	}
}

// Another gateway that lost a person says so; the one that has a socket of theirs says otherwise.
func TestWhoIsHereIsReportedPresent(t *testing.T) {
	w := presenceWorld(t, 100*time.Millisecond)
	w.log.happen(raisedBy(noor, ""))
	c, _ := w.open(noor)
	w.log.happen(absentBy(noor, true))
	c.nextEvent(handAbsent)
	c.nextEvent(handPresent)
	if all := w.reports(1); len(all) != 1 || all[0].Absent {
		t.Errorf("reported %v", all)
	}
	// Said, lost and said again at once: the pause between two reports is for the same one only.
	c.Close()
	if all := w.reports(2); !all[1].Absent {
		t.Errorf("reported %v", all)
	}
}

func TestReportsAreTriedAgain(t *testing.T) {
	w := presenceWorld(t, 50*time.Millisecond)
	w.log.happen(raisedBy(noor, ""))
	tries := 0
	w.log.change(func() {
		w.log.onApply = func(_ context.Context, in *v1.ApplyRequest) (*v1.ApplyResponse, error) {
			w.log.mu.Lock()
			tries++
			failing := tries == 1
			w.log.mu.Unlock()
			if failing {
				return nil, fault.Status(fault.Unavailable(nil, "no log"))
			}
			w.log.happen(absentBy(noor, true))
			return &v1.ApplyResponse{}, nil
		}
	})
	c, _ := w.open(noor)
	c.Close()
	w.reports(2)
	w.await("rostrum_events_presence_reports_total", "failed", 1)
	w.await("rostrum_events_presence_reports_total", "ok", 1)
}
