package dynamo

import (
	"rostrum/services/listenerstate/chain"
)

// line is what waits to be stored of one room, in the order it came.
type line struct {
	key  chain.Key
	bell chan struct{} // something is urgent; holds one

	// guarded by lines.mu
	wishes []*wish
	came   uint64 // wishes that ever came
	left   uint64 // wishes that ever were settled
	bytes  int    // that wait
	urgent bool
	busy   bool // it has a run

	// owned by run
	known   bool       // whether end is one
	end     chain.Head // a head that the log has or had
	checked *wish      // the one for which end was read anew
	drawing *drawing   // the snapshot under way
}

// hurry ends the waiting for company; lines.mu is held.
func (l *line) hurry() {
	l.urgent = true
	select {
	case l.bell <- struct{}{}:
	default: // it rings already
	}
}

// cut answers what the next link can hold of what waits: records of one term that go on from end, in most bytes.
func cut(end chain.Head, wishes []*wish, most int) []chain.Record {
	var records []chain.Record
	for _, w := range wishes {
		if w.claim != nil || !w.continues(end) {
			break
		}
		for _, record := range w.records {
			most -= stored(record)
			if len(records) > 0 && (most < 0 || record.Term != records[0].Term) {
				return records
			}
			records, end = append(records, record), record.Head()
		}
	}
	return records
}

// pass notes a number of records as stored, in all wishes that they are of, and answers how many those are.
func pass(wishes []*wish, records int) (passed int) {
	for ; records > 0; passed++ {
		w := wishes[passed]
		n := min(records, len(w.records))
		w.pass(n)
		records -= n
	}
	return passed
}
