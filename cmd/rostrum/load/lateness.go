package load

import (
	"rostrum/cmd/rostrum/report"
)

// lateness turns arrivals into how late they were. One goroutine owns it.
//
// A delivery is due when the newest batch that belongs into it has been made: at the end of its media time by the epoch's
// anchor, and the fixed delay of the mix. What older batches in it have waited for that one is the cadence's, and told apart,
// in their age. Where no ledger says an epoch's anchor, its fastest delivery is taken to have been in time.
type lateness struct {
	ledgers *ledgers
	all     map[programKey]*arrivals
	seconds []map[programKey]report.Spread // deliveries, by second of the run
}

func newLateness(l *ledgers) *lateness { return &lateness{ledgers: l, all: map[programKey]*arrivals{}} }

// take adds what came in a second of the run.
func (l *lateness) take(second int, came []arrivals) {
	for len(l.seconds) <= second {
		l.seconds = append(l.seconds, map[programKey]report.Spread{})
	}
	for _, a := range came {
		k := programKey{a.Room, a.Epoch}
		if l.all[k] == nil {
			l.all[k] = &arrivals{Room: a.Room, Epoch: a.Epoch, Batches: report.Spread{}, Deliveries: report.Spread{}}
		}
		l.all[k].Batches.Merge(a.Batches, 0)
		l.all[k].Deliveries.Merge(a.Deliveries, 0)
		if l.seconds[second][k] == nil {
			l.seconds[second][k] = report.Spread{}
		}
		l.seconds[second][k].Merge(a.Deliveries, 0)
	}
}

// due is what to take from an arrival to have its lateness in ms, and whether an anchor says so.
func (l *lateness) due(k programKey) (ms int64, anchored bool) {
	if s, known := l.ledgers.schedule(k); known {
		return s.base() + s.delay.Milliseconds(), true
	}
	if a := l.all[k]; a != nil {
		return a.Deliveries.Least(), false
	}
	return 0, false
}

// total is the lateness of all deliveries, the age of all batches, and whether every epoch was anchored.
func (l *lateness) total() (late, age report.Spread, anchored bool) {
	late, age, anchored = report.Spread{}, report.Spread{}, true
	for k, a := range l.all {
		due, known := l.due(k)
		anchored = anchored && known
		late.Merge(a.Deliveries, -due)
		age.Merge(a.Batches, -due+l.delay(k))
	}
	return late, age, anchored && len(l.all) > 0
}

func (l *lateness) delay(k programKey) int64 {
	if s, known := l.ledgers.schedule(k); known {
		return s.delay.Milliseconds()
	}
	return mixDelay.Milliseconds()
}

// second is the lateness of the deliveries of one second.
func (l *lateness) second(n int) report.Quantiles {
	late := report.Spread{}
	if n >= 0 && n < len(l.seconds) {
		for k, came := range l.seconds[n] {
			due, _ := l.due(k)
			late.Merge(came, -due)
		}
	}
	return late.Quantiles()
}
