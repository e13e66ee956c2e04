// Package relay owns the way of a room's batches from its origin to an edge and from edge to edge: rings that hold the
// last minute, the server that streams them and the puller that fills them.
package relay

import (
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// maxCardBytes bounds an encoded room card: 100 seats with long names fit.
const maxCardBytes = 48 << 10

// Room is what a node holds of a room for its audience: a ring for each rendition, the newest room card, revocations,
// and the counts that nodes below report. Safe for concurrent use.
type Room struct {
	// static
	app   id.App
	id    id.Room
	rings [len(audio.Renditions)]*Ring

	epoch       atomic.Uint64 // highest seen
	ended       atomic.Bool
	grew        atomic.Int64 // Unix ms at which a ring last took something from upstream; 0: never
	heard       heard
	revocations revocations
	tally       tally

	mu        sync.Mutex
	card      *listenv1.RoomCard
	cardFrame []byte
	wakers    []Waker
	cut       chan struct{} // closed while the room is not served
	isCut     bool
}

// NewRoom makes a room with empty rings.
func NewRoom(app id.App, room id.Room) *Room {
	r := &Room{app: app, id: room, cut: make(chan struct{})}
	for i, rendition := range audio.Renditions {
		r.rings[i] = newRing(r, rendition)
	}
	return r
}

// App is the room's tenant.
func (r *Room) App() id.App { return r.app }

// ID is the room's id.
func (r *Room) ID() id.Room { return r.id }

// Ring answers the ring of a rendition; nil where there is no such rendition.
func (r *Room) Ring(rendition audio.Rendition) *Ring {
	for _, ring := range r.rings {
		if ring.rendition == rendition {
			return ring
		}
	}
	return nil
}

// Epoch is the highest seen in any ring.
func (r *Room) Epoch() audio.Epoch { return audio.Epoch(r.epoch.Load()) }

// raise keeps the highest epoch and answers whether this one is still to be heard.
func (r *Room) raise(epoch audio.Epoch) bool {
	for {
		highest := r.epoch.Load()
		if uint64(epoch) < highest {
			return false
		}
		if uint64(epoch) == highest || r.epoch.CompareAndSwap(highest, uint64(epoch)) {
			return true
		}
	}
}

// SetCard takes a room card unless it is of another room, not later than the one held (by epoch, position, revision)
// or too large, and answers whether it did. The card must not be changed afterwards.
func (r *Room) SetCard(card *listenv1.RoomCard) bool {
	if card == nil || card.GetApp() != string(r.app) || card.GetRoom() != string(r.id) {
		return false
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(card)
	if err != nil || len(encoded) > maxCardBytes {
		return false
	}
	frame := appendCard(nil, encoded)
	r.mu.Lock()
	if r.card != nil && !laterCard(card, r.card) {
		r.mu.Unlock()
		return false
	}
	r.card, r.cardFrame = card, frame
	for _, ring := range r.rings {
		ring.setCard(frame)
	}
	r.wakeLocked()
	r.mu.Unlock()
	return true
}

// Card answers the newest room card; nil where none came yet. Read only.
func (r *Room) Card() *listenv1.RoomCard {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.card
}

// CardFrame answers the newest room card as a WebSocket frame; empty where none came yet. Read only.
func (r *Room) CardFrame() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cardFrame
}

// End says that the room is over: rings take nothing more, readers deliver what they have and leave.
func (r *Room) End() {
	if r.ended.Swap(true) {
		return
	}
	r.wake()
	for _, ring := range r.rings {
		ring.wake()
	}
}

// Cut ends every pull of the room, and those that still open, until Serve: what is here goes on no more, and whoever
// pulls has to look for the room elsewhere.
func (r *Room) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isCut {
		r.isCut = true
		close(r.cut)
	}
}

// Serve lets the room be pulled again after Cut.
func (r *Room) Serve() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isCut {
		r.cut, r.isCut = make(chan struct{}), false
	}
}

// cutOff is closed where the room is cut.
func (r *Room) cutOff() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cut
}

// Ended answers whether the room is over.
func (r *Room) Ended() bool { return r.ended.Load() }

// Revoke keeps a revocation; it is passed on to every node below.
func (r *Room) Revoke(revocation Revocation) {
	if r.revocations.add(revocation) {
		r.wake()
	}
}

// Subscribe has w woken when the card, the revocations or the end of the room change, until cancel is called.
func (r *Room) Subscribe(w Waker) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakers = append(r.wakers, w)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.wakers = without(r.wakers, w)
	}
}

func (r *Room) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeLocked()
}

func (r *Room) wakeLocked() {
	for _, w := range r.wakers {
		w.Wake()
	}
}

// laterCard orders cards by epoch, position and revision.
func laterCard(a, b *listenv1.RoomCard) bool {
	if a.GetEpoch() != b.GetEpoch() {
		return a.GetEpoch() > b.GetEpoch()
	}
	p, q := audio.ReadPosition(a.GetPosition()), audio.ReadPosition(b.GetPosition())
	if p != q {
		return q.Before(p)
	}
	return a.GetRevision() > b.GetRevision()
}
