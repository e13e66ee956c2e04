package dynamo

import (
	"context"
	"time"

	"rostrum/services/listenerstate/chain"
)

// wish is an append, a claim, or, with neither records nor claim, a flush. It is settled when its write is finished.
type wish struct {
	write *chain.Write
	since time.Time

	// An append.
	after    chain.Head     // like records, owned by run once it is in line
	records  []chain.Record // those that are not stored yet
	snapshot []byte         // of the last record
	last     chain.Position // of the last record
	events   int            // records at first
	bytes    int            // of records and snapshot, as they count against the bound

	claim *claim
}

// claim is a new term that somebody waits for.
type claim struct {
	ctx   context.Context
	token token
	head  chain.Head // written before the wish is settled
}

// waits says whether a wish can wait for others.
func (w *wish) waits() bool { return w.events > 0 }

// continues says whether an append's records go on from a head.
func (w *wish) continues(end chain.Head) bool {
	if w.after != end || len(w.records) == 0 {
		return false
	}
	for i, record := range w.records {
		if record.Offset != end.Offset+uint64(i)+1 || record.Term != w.records[0].Term || record.Term < end.Term {
			return false
		}
	}
	return true
}

// pass notes that the first records of a wish are in the archive.
func (w *wish) pass(n int) {
	w.after, w.records = w.records[n-1].Head(), w.records[n:]
}
