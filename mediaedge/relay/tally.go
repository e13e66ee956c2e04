package relay

import (
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

const (
	// reportEvery is how often a node says how many listeners it serves.
	reportEvery = 2 * time.Second
	// maxReportValid bounds how long a report holds.
	maxReportValid = 2 * reportEvery
	// maxReporters bounds the nodes below a room.
	maxReporters = 10_000
	// maxCount bounds a reported count, so that sums never overflow.
	maxCount = 1 << 40
)

// tally merges the reports of the nodes below.
type tally struct {
	mu      sync.Mutex
	reports map[id.Node]report
}

type report struct {
	boot, sequence     uint64
	listeners, atDoors uint64
	until              time.Time
}

// Report takes what a node below says at a time. A report that is older than one held is dropped without error.
func (r *Room) Report(in *relayv1.CountReport, now time.Time) error {
	node, err := id.ParseNode(in.GetNode())
	if err != nil {
		return err
	}
	counts := in.GetCounts()
	if counts.GetListeners() > maxCount || counts.GetDoorListeners() > maxCount {
		return fault.Invalid("counts", "below 2^40")
	}
	valid := min(time.Duration(in.GetValidMs())*time.Millisecond, maxReportValid)
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	held, known := r.tally.reports[node]
	if known && now.Before(held.until) {
		if in.GetBootId() < held.boot || in.GetBootId() == held.boot && in.GetSequence() <= held.sequence {
			return nil
		}
	}
	if !known && len(r.tally.reports) >= maxReporters {
		return fault.New(fault.CodeRateLimited, "this room has counts of %d nodes already", maxReporters)
	}
	if r.tally.reports == nil {
		r.tally.reports = map[id.Node]report{}
	}
	r.tally.reports[node] = report{
		boot: in.GetBootId(), sequence: in.GetSequence(), until: now.Add(valid),
		listeners: counts.GetListeners(), atDoors: counts.GetDoorListeners(),
	}
	return nil
}

// Counts sums the reports that hold at a time.
func (r *Room) Counts(now time.Time) *listenv1.Counts {
	r.tally.mu.Lock()
	defer r.tally.mu.Unlock()
	sum := &listenv1.Counts{}
	for node, held := range r.tally.reports {
		if !now.Before(held.until) {
			delete(r.tally.reports, node)
			continue
		}
		sum.Listeners += held.listeners
		sum.DoorListeners += held.atDoors
	}
	return sum
}
