package listenerstate

import (
	"bytes"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/services/listenerstate/chain"
)

// othersTurn is how long what another instance appended is left to that one to archive.
const othersTurn = 2 * time.Second

// backlog is what this instance knows of a room's log and the archive does not have yet, as far as is known here. It is
// what a repair is offered, and what goes to the archive, in order.
type backlog struct {
	total *atomic.Int64 // bytes of all rooms

	mu       sync.Mutex
	after    chain.Head // the archive has everything up to here
	records  []owed     // behind it, without a hole, of one term
	sent     int        // of records: on their way to the archive
	bytes    int64
	snapshot []byte // of the event at snapshotAt; nil: none is owed
	snapAt   uint64
	running  bool          // somebody brings it to the archive
	changed  chan struct{} // closes with the next change
}

// owed is an event that the archive lacks.
type owed struct {
	chain.Record
	since time.Time
	own   bool // appended by this instance, or long enough left to others
}

// shipment is a part of a backlog that goes to the archive.
type shipment struct {
	after      chain.Head
	records    []chain.Record
	snapshot   []byte
	snapshotAt uint64
	write      *chain.Write
}

func (s shipment) last() chain.Position { return s.records[len(s.records)-1].Position }

// overhead is what an event takes in memory beside its bytes, about.
const overhead = 128

func newBacklog(total *atomic.Int64) *backlog {
	return &backlog{total: total, changed: make(chan struct{})}
}

// begin starts anew behind a head that the archive has.
func (b *backlog) begin(after chain.Head) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.after, b.records, b.sent, b.snapshot, b.snapAt = after, nil, 0, nil, 0
	b.total.Add(-b.bytes)
	b.bytes = 0
	b.tell()
}

// add puts records behind the newest, with a snapshot of the last of them or nil. It answers whether the caller has to
// have them brought to the archive, since nobody does.
func (b *backlog) add(records []chain.Record, own bool, now time.Time, snapshot []byte) (start bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, record := range records {
		b.records = append(b.records, owed{record, now, own})
		b.bytes += int64(len(record.Bytes)) + overhead
		b.total.Add(int64(len(record.Bytes)) + overhead)
	}
	if snapshot != nil {
		b.snapshot, b.snapAt = snapshot, records[len(records)-1].Offset
	}
	b.tell()
	start = !b.running && len(b.records) > 0
	b.running = b.running || start
	return start
}

// archived drops what the archive has of the log that is here.
func (b *backlog) archived(at chain.Position) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(b.records) && b.records[n].Term == at.Term && b.records[n].Offset <= at.Offset {
		n++
	}
	b.drop(n)
}

// shipped drops what the archive has up to the end of a shipment. It does nothing, and answers false, where another event stands
// at that position here, or none any more.
func (b *backlog) shipped(last chain.Head) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, o := range b.records {
		if o.Position == last.Position {
			if o.Head() != last {
				return false
			}
			b.drop(i + 1)
			return true
		}
	}
	return false
}

// drop forgets the first n records. The caller has the lock.
func (b *backlog) drop(n int) {
	if n == 0 {
		return
	}
	for _, o := range b.records[:n] {
		b.bytes -= int64(len(o.Bytes)) + overhead
		b.total.Add(-int64(len(o.Bytes)) - overhead)
	}
	b.after, b.records, b.sent = b.records[n-1].Head(), b.records[n:], max(b.sent-n, 0)
	if b.snapAt <= b.after.Offset {
		b.snapshot = nil
	}
	b.tell()
}

// resend forgets what is on its way, which failed.
func (b *backlog) resend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = 0
}

// work is what is to be done for a backlog.
type work struct {
	shipment shipment      // not empty: is to go to the archive now
	foreign  time.Time     // not zero: all that waits is of others; it is their turn until then
	done     bool          // nothing waits and nothing is on its way; nobody brings it to the archive any more
	changed  chan struct{} // closes when there may be something else to do
}

// next answers what is to be done, up to most records of it.
func (b *backlog) next(most int) work {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := work{changed: b.changed}
	waiting := b.records[b.sent:]
	if len(waiting) == 0 {
		w.done = b.sent == 0
		b.running = !w.done
		return w
	}
	own := false
	for _, o := range waiting {
		own = own || o.own
	}
	if !own {
		w.foreign = waiting[0].since.Add(othersTurn)
		return w
	}
	w.shipment.after = b.after
	if b.sent > 0 {
		w.shipment.after = b.records[b.sent-1].Head()
	}
	for _, o := range waiting[:min(most, len(waiting))] {
		w.shipment.records = append(w.shipment.records, o.Record)
		if b.snapshot != nil && o.Offset == b.snapAt {
			w.shipment.snapshot, w.shipment.snapshotAt = b.snapshot, b.snapAt
			break
		}
	}
	b.sent += len(w.shipment.records)
	return w
}

// adopt makes everything that waits this instance's own.
func (b *backlog) adopt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.records {
		b.records[i].own = true
	}
	b.tell()
}

// leave says that nobody brings it to the archive any more.
func (b *backlog) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = false
}

// tail answers what waits up to a position of its term.
func (b *backlog) tail(upTo chain.Position) []chain.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	var tail []chain.Record
	for _, o := range b.records {
		if o.Term != upTo.Term || o.Offset > upTo.Offset {
			break
		}
		tail = append(tail, o.Record)
	}
	return tail
}

// size answers how many events wait, their bytes, and since when the oldest does; zero where none does.
func (b *backlog) size() (events int, bytes int64, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.records) > 0 {
		since = b.records[0].since
	}
	return len(b.records), b.bytes, since
}

// term is that of what waits; 0 where nothing does.
func (b *backlog) term() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.records) == 0 {
		return 0
	}
	return b.records[0].Term
}

// begun says whether the archive has anything of the log, and a channel that closes when that may have changed.
func (b *backlog) begun() (bool, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.after.Offset > 0, b.changed
}

// upTo answers up to where the archive is known to have everything, and a channel that closes when that may have changed.
func (b *backlog) upTo() (chain.Position, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.after.Position, b.changed
}

func (b *backlog) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// sameRecord says whether two records are the same event at the same position.
func sameRecord(a, b chain.Record) bool {
	return a.Position == b.Position && bytes.Equal(a.Bytes, b.Bytes)
}
