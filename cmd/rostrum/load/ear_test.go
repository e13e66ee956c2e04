package load

import (
	"io"
	"testing"
	"time"

	"rostrum/client/listener"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// hearing is what one ear hears.
type hearing struct {
	t    *tally
	ear  *ear
	base time.Time
}

func newHearing() *hearing {
	t := newTally()
	e := &ear{tally: t}
	base := time.Unix(1_790_000_000, 0)
	t.open(e, base)
	return &hearing{t, e, base}
}

// batch comes in so many ms after the base.
func (h *hearing) batch(number, epoch uint64, at int) {
	b := &listenv1.Batch{Number: number, Epoch: epoch}
	h.t.take(h.ear, listener.Item{Batch: &listener.Batch{
		Batch: b, Encoded: []byte{byte(number), byte(epoch)}, Received: h.base.Add(time.Duration(at) * time.Millisecond),
	}})
}

func (h *hearing) gap(first, last, epoch uint64) {
	h.t.take(h.ear, listener.Item{Gap: &listenv1.Gap{
		First: first, Last: last, Epoch: epoch, Reason: listenv1.GapReason_GAP_REASON_NEW_ORIGIN,
	}})
}

func TestEveryNumberIsAccountedFor(t *testing.T) {
	h := newHearing()
	h.t.take(h.ear, listener.Item{Hello: &listenv1.Hello{First: 10}})
	h.batch(10, 5, 30)
	h.batch(11, 5, 200)
	h.gap(12, 19, 6)
	h.batch(20, 6, 2000)
	h.t.take(h.ear, listener.Item{Lost: &listener.Lost{First: 21, Last: 23}})
	h.batch(24, 6, 2800)
	h.batch(24, 6, 2801) // again
	h.batch(27, 6, 3400) // 25 and 26 are nowhere
	h.batch(28, 5, 3600) // of an epoch that is over
	c := h.t.tell().Counts
	want := counts{
		Started: 1, Connected: 1, Hearing: 1, Expected: 19, Received: 6, GapNumbers: 8, Lost: 5, Repeated: 1, EpochFalls: 1,
	}
	if c != want {
		t.Errorf("%+v\nwant %+v", c, want)
	}
}

func TestNewsAreToldOnce(t *testing.T) {
	h := newHearing()
	h.batch(10, 5, 30)
	h.gap(11, 12, 6)
	first := h.t.tell()
	if len(first.Heard) != 1 || first.Heard[0].Number != 10 || first.Heard[0].Listeners != 1 || len(first.Gaps) != 1 ||
		first.Gaps[0].Reason != "new_origin" || first.Joins[30] != 1 {
		t.Errorf("%+v", first)
	}
	second := h.t.tell()
	if len(second.Heard) != 0 || len(second.Gaps) != 0 || len(second.Joins) != 0 || second.Counts.Received != 1 {
		t.Errorf("%+v", second)
	}
}

// Deliveries of five batches: each is due after its newest, every batch has an age, the first delivery counts for nothing.
func TestDeliveriesAreTimedByTheirNewestBatch(t *testing.T) {
	h := newHearing()
	h.t.take(h.ear, listener.Item{Hello: &listenv1.Hello{CadenceMs: 1000}})
	for delivery := range 4 {
		for i := range 5 {
			h.batch(uint64(1000+delivery*5+i), 7, delivery*1000+i)
		}
	}
	n := h.t.tell()
	if len(n.Arrivals) != 1 || n.Arrivals[0].Epoch != 7 {
		t.Fatalf("%+v", n.Arrivals)
	}
	a := n.Arrivals[0]
	zero := h.base.UnixMilli()
	if a.Deliveries.Count() != 2 || a.Deliveries[zero+1004-200*1010] != 2 {
		t.Errorf("deliveries %v", a.Deliveries)
	}
	if a.Batches.Count() != 15 || a.Batches[zero+1000-200*1006] != 3 || a.Batches[zero+1004-200*1010] != 3 {
		t.Errorf("batches %v", a.Batches)
	}
}

// A delivery that holds more than its cadence brings is as late as its oldest batch.
func TestALateDeliveryIsAsLateAsItsOldestBatch(t *testing.T) {
	h := newHearing()
	h.t.take(h.ear, listener.Item{Hello: &listenv1.Hello{CadenceMs: 400}})
	h.batch(1000, 7, 0)
	for i := range 10 {
		h.batch(uint64(1001+i), 7, 2500)
	}
	h.batch(1011, 7, 2900)
	a := h.t.tell().Arrivals[0]
	if late := h.base.UnixMilli() + 2500 - 200*1003; a.Deliveries.Count() != 1 || a.Deliveries[late] != 1 { // due with 1002
		t.Errorf("%v, want %d", a.Deliveries, late)
	}
}

func TestReasonsHaveNames(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&listener.CloseError{Code: 4503, Fault: "moved"}, "4503 moved"},
		{&listener.CloseError{Code: 1001}, "1001"},
		{listener.ErrHole, "left a number out"},
		{listener.ErrCorrupt, "corrupt"},
		{listener.ErrSilent, "silent"},
		{io.ErrUnexpectedEOF, "cut"},
	} {
		if got := reason(c.err); got != c.want {
			t.Errorf("%v is %q, want %q", c.err, got, c.want)
		}
	}
}
