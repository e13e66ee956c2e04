package listenerstate

import (
	"sync/atomic"
	"testing"
	"time"

	"rostrum/services/listenerstate/chain"
)

// owing makes n records behind a head.
func owing(after chain.Head, n int) []chain.Record {
	var out []chain.Record
	for i := range n {
		at := chain.Position{Term: max(after.Term, 1), Offset: after.Offset + uint64(i) + 1}
		out = append(out, chain.Record{Position: at, Bytes: []byte(at.String())})
	}
	return out
}

func TestABacklogGoesOutInOrder(t *testing.T) {
	var total atomic.Int64
	b := newBacklog(&total)
	all := owing(chain.Head{}, 20)
	if !b.add(all[:5], true, noon, nil) || b.add(all[5:12], true, noon, []byte("of the twelfth")) || b.add(all[12:], true, noon, nil) {
		t.Error("somebody has to bring it to the archive, and only one")
	}
	var after chain.Head
	for _, want := range []struct {
		records  int
		snapshot string
	}{{8, ""}, {4, "of the twelfth"}, {8, ""}} {
		sent := b.next(8).shipment
		if sent.after != after || len(sent.records) != want.records || string(sent.snapshot) != want.snapshot {
			t.Fatalf("after %s go %d with snapshot %q, want %d with %q", sent.after.Position, len(sent.records), sent.snapshot, want.records, want.snapshot)
		}
		after = sent.records[len(sent.records)-1].Head()
	}
	if w := b.next(8); len(w.shipment.records) > 0 || w.done {
		t.Errorf("while all is on its way: %+v", w)
	}
	b.archived(all[9].Position)
	b.resend()
	if sent := b.next(8).shipment; sent.after != all[9].Head() || len(sent.records) != 2 || sent.snapshot == nil {
		t.Errorf("again go %d after %s", len(sent.records), sent.after.Position)
	}
	if tail := b.tail(all[14].Position); len(tail) != 5 || tail[0].Position != all[10].Position {
		t.Errorf("the tail has %d", len(tail))
	}
	if tail := b.tail(chain.Position{Term: 2, Offset: 99}); len(tail) != 0 {
		t.Errorf("the tail of another term has %d", len(tail))
	}
	b.archived(chain.Position{Term: 2, Offset: 99})
	if events, _, since := b.size(); events != 10 || since != noon {
		t.Errorf("another term's archive left %d", events)
	}
	b.archived(all[19].Position)
	if w := b.next(8); !w.done || total.Load() != 0 {
		t.Errorf("in the end %+v waits, %d bytes", w, total.Load())
	}
	if !b.add(owing(all[19].Head(), 1), true, noon, nil) {
		t.Error("somebody has to bring the next to the archive")
	}
	b.begin(chain.Head{})
	if events, bytes, _ := b.size(); events != 0 || bytes != 0 || total.Load() != 0 {
		t.Errorf("begun anew it has %d", events)
	}
}

func TestWhatOthersAppendedIsLeftToThem(t *testing.T) {
	var total atomic.Int64
	b := newBacklog(&total)
	now := time.Now()
	all := owing(chain.Head{}, 6)
	b.add(all[:3], false, now, nil)
	if w := b.next(8); len(w.shipment.records) > 0 || !w.foreign.Equal(now.Add(othersTurn)) {
		t.Errorf("at first %+v", w)
	}
	b.add(all[3:4], true, now, nil)
	if w := b.next(8); len(w.shipment.records) != 4 {
		t.Errorf("below an event of its own %d go", len(w.shipment.records))
	}
	b.add(all[4:], false, now, nil)
	b.adopt()
	if w := b.next(8); len(w.shipment.records) != 2 {
		t.Errorf("after a while %d go", len(w.shipment.records))
	}
}

func TestABacklogTellsWhoWaits(t *testing.T) {
	var total atomic.Int64
	b := newBacklog(&total)
	records := owing(chain.Head{}, 1)
	b.add(records, true, noon, nil)
	begun, changed := b.begun()
	if begun {
		t.Error("the archive has nothing")
	}
	b.archived(records[0].Position)
	<-changed
	if begun, _ := b.begun(); !begun {
		t.Error("the archive has the first")
	}
}

// What was shipped of a log that has been put aside says nothing of the one that is here.
func TestAShipmentOfAnotherLogIsNotCounted(t *testing.T) {
	var total atomic.Int64
	b := newBacklog(&total)
	mine, others := owing(chain.Head{}, 3), owing(chain.Head{}, 3)
	others[2].Bytes = []byte("another")
	b.add(mine, true, noon, nil)
	if b.shipped(others[2].Head()) || b.shipped(chain.Head{Position: chain.Position{Term: 1, Offset: 9}}) {
		t.Error("another log's shipment counted")
	}
	if events, _, _ := b.size(); events != 3 {
		t.Errorf("%d events wait", events)
	}
	if !b.shipped(mine[1].Head()) || b.shipped(mine[1].Head()) {
		t.Error("its own did not count, or twice")
	}
	if at, _ := b.upTo(); at != mine[1].Position {
		t.Errorf("the archive has it up to %s", at)
	}
	b.shipped(mine[2].Head())
	if events, bytes, _ := b.size(); events != 0 || bytes != 0 || total.Load() != 0 {
		t.Errorf("%d events, %d and %d bytes wait", events, bytes, total.Load())
	}
}
