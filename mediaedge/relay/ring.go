package relay

import (
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"rostrum/mediaedge/audio"
)

const (
	// HeldNumbers is how many numbers a ring holds: 60 s.
	HeldNumbers = 300
	// cardSpacing is the least distance between two room cards in a ring: one second.
	cardSpacing = 5
	// firstLog is the capacity of a ring's first log: half a minute of the default rendition.
	firstLog = 128 << 10
	// maxNumber bounds numbers and epochs, so that arithmetic on them never overflows.
	maxNumber = 1 << 62
	// firstPlaces is the capacity of a ring's first index.
	firstPlaces = 2 * HeldNumbers
)

// Refusal says why a ring did not take a batch or gap. The list is closed; it is a metric label.
type Refusal string

const (
	RefusedMalformed Refusal = "malformed"       // CRC, length or encoding
	RefusedRendition Refusal = "other_rendition" // belongs into another ring
	RefusedEpoch     Refusal = "lower_epoch"     // a higher epoch of the room was seen
	RefusedAhead     Refusal = "far_ahead"       // an epoch or number that cannot be right yet (horizon)
	RefusedRepeat    Refusal = "repeat"          // the number is not above the newest
	RefusedEnded     Refusal = "ended"           // the room is over
)

func (r Refusal) Error() string { return "refused: " + string(r) }

// Waker is told that there is something new. Wake must not block, and must not call into the ring or room.
type Waker interface{ Wake() }

// Ring is one rendition of one room: the last 60 s of batches and gaps, as one log of ready WebSocket frames, so that
// any delivery is one slice. One writer at a time; readers take a View, never lock and never hold the writer up.
type Ring struct {
	// static
	rendition audio.Rendition
	room      *Room

	view atomic.Pointer[View]

	mu     sync.Mutex
	log    []byte  // what views show is a prefix of it; its tail is being written
	places []place // likewise
	card   []byte  // frame that goes before the next batch; nil: none
	carded audio.Number
	wakers []Waker
}

func newRing(room *Room, rendition audio.Rendition) *Ring {
	r := &Ring{rendition: rendition, room: room}
	r.view.Store(&View{})
	return r
}

// Rendition is what the ring holds.
func (r *Ring) Rendition() audio.Rendition { return r.rendition }

// View answers the ring as it is now.
func (r *Ring) View() *View { return r.view.Load() }

// AppendBatch takes a batch as the origin encoded it; the bytes are copied. Numbers that are missing before it become a
// gap for lost upstream. The error is a Refusal.
func (r *Ring) AppendBatch(encoded []byte) error {
	header, err := audio.Peek(encoded)
	if err != nil {
		return RefusedMalformed
	}
	return r.append(header, encoded)
}

func (r *Ring) append(header audio.Header, encoded []byte) error {
	if header.Rendition != r.rendition {
		return RefusedRendition
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.admit(header.Epoch, header.Number); err != nil {
		return err
	}
	r.fill(header.Number, header.Epoch)
	r.reserve(len(encoded) + len(r.card))
	start := len(r.log)
	if len(r.card) > 0 && header.Number >= r.carded+cardSpacing {
		r.log = append(r.log, r.card...)
		r.card, r.carded = nil, header.Number
	}
	r.log = appendFrame(r.log, fieldBatch, encoded)
	r.publish(place{
		first: header.Number, last: header.Number, epoch: header.Epoch,
		start: uint32(start), body: uint32(len(r.log) - len(encoded)), end: uint32(len(r.log)),
	})
	return nil
}

// AppendGap takes a gap, or what of it is above the newest number. The error is a Refusal.
func (r *Ring) AppendGap(gap audio.Gap) error {
	if gap.First > gap.Last || gap.Reason == 0 || gap.Epoch == 0 {
		return RefusedMalformed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.admit(gap.Epoch, gap.Last); err != nil {
		return err
	}
	if v := r.View(); !v.Empty() {
		gap.First = max(gap.First, v.Newest()+1)
	}
	r.fill(gap.First, gap.Epoch)
	r.put(gap)
	return nil
}

// Subscribe has w woken after everything that is appended and when the room ends, until cancel is called.
func (r *Ring) Subscribe(w Waker) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakers = append(r.wakers, w)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.wakers = without(r.wakers, w)
	}
}

// setCard puts a card's frame before the next batch that is a second after the last card.
func (r *Ring) setCard(frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.card = frame
}

func (r *Ring) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.wakers {
		w.Wake()
	}
}

// admit applies the rules of docs/protocol.md section 1.3.
func (r *Ring) admit(epoch audio.Epoch, last audio.Number) error {
	if last >= maxNumber || uint64(epoch) >= maxNumber {
		return RefusedMalformed
	}
	if r.room.Ended() {
		return RefusedEnded
	}
	if !r.room.raise(epoch) {
		return RefusedEpoch
	}
	if v := r.View(); !v.Empty() && last <= v.Newest() {
		return RefusedRepeat
	}
	return nil
}

// fill keeps the ring dense up to next.
func (r *Ring) fill(next audio.Number, epoch audio.Epoch) {
	if v := r.View(); !v.Empty() && next > v.Newest()+1 {
		r.put(audio.Gap{First: v.Newest() + 1, Last: next - 1, Epoch: epoch, Reason: audio.GapUpstreamLost})
	}
}

func (r *Ring) put(gap audio.Gap) {
	body, err := proto.Marshal(audio.WireGap(gap))
	if err != nil {
		return // four numbers always encode
	}
	r.reserve(len(body))
	start := len(r.log)
	r.log = appendFrame(r.log, fieldGap, body)
	r.publish(place{
		first: gap.First, last: gap.Last, epoch: gap.Epoch, reason: gap.Reason,
		start: uint32(start), body: uint32(start), end: uint32(len(r.log)),
	})
}

// reserve makes room for one entry with size bytes of content. Where the log is full, the entries that are still held
// move to a new one; whoever reads the old one goes on reading it.
func (r *Ring) reserve(size int) {
	size += 2 * maxFrameOverhead
	if len(r.log)+size <= cap(r.log) && len(r.places) < cap(r.places) {
		return
	}
	held := r.View()
	live := 0
	if !held.Empty() {
		live = int(held.places[len(held.places)-1].end - held.places[0].start)
	}
	log := make([]byte, 0, max(firstLog, 2*live, live+size))
	places := make([]place, 0, max(firstPlaces, 2*len(held.places)))
	for _, p := range held.places {
		from := held.places[0].start
		p.start, p.body, p.end = p.start-from, p.body-from, p.end-from
		places = append(places, p)
	}
	if !held.Empty() {
		log = append(log, held.log[held.places[0].start:]...)
	}
	r.log, r.places = log, places
}

// publish shows readers the entry that was just written, and lets go of what is older than the ring holds.
func (r *Ring) publish(p place) {
	r.places = append(r.places, p)
	oldest := len(r.places) - 1
	if held := r.View(); !held.Empty() {
		oldest = len(r.places) - 1 - len(held.places)
	}
	for oldest < len(r.places)-1 && r.places[oldest].last+HeldNumbers <= p.last {
		oldest++
	}
	r.view.Store(&View{log: r.log[:len(r.log):len(r.log)], places: r.places[oldest:len(r.places):len(r.places)]})
	for _, w := range r.wakers {
		w.Wake()
	}
}

// appendCard appends the frame of an encoded room card.
func appendCard(dst, encoded []byte) []byte {
	return appendFrame(dst, protowire.Number(fieldCard), encoded)
}

func without(wakers []Waker, w Waker) []Waker {
	kept := make([]Waker, 0, len(wakers))
	for _, other := range wakers {
		if other != w {
			kept = append(kept, other)
		}
	}
	return kept
}
