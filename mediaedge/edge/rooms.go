package edge

import (
	"context"
	"sync"
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	// keepUnheard is how long a rendition is pulled after its last reader has left.
	keepUnheard = 30 * time.Second
	sweepEvery  = time.Second
)

type roomKey struct {
	app  id.App
	room id.Room
}

// rooms are those that this edge pulls because somebody listens, or did so lately.
type rooms struct {
	pull relay.PullConfig

	mu   sync.Mutex
	held map[roomKey]*hosted
}

// hosted is one room.
type hosted struct {
	// static
	room     *relay.Room
	puller   *relay.Puller
	audience audience
	pages    pages

	// guarded by rooms.mu
	readers map[audio.Rendition]int
	unheard map[audio.Rendition]time.Time // since when there are none
}

// acquire answers a room whose rendition is pulled until it is released.
func (r *rooms) acquire(app id.App, name id.Room, rendition audio.Rendition) *hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := roomKey{app, name}
	h := r.held[key]
	if h == nil {
		h = &hosted{room: relay.NewRoom(app, name), readers: map[audio.Rendition]int{}, unheard: map[audio.Rendition]time.Time{}}
		pull := r.pull
		pull.Counts = h.audience.counts
		h.puller = relay.NewPuller(h.room, pull)
		r.held[key] = h
	}
	h.readers[rendition]++
	delete(h.unheard, rendition)
	h.puller.Want(rendition)
	return h
}

func (r *rooms) release(h *hosted, rendition audio.Rendition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.readers[rendition]--; h.readers[rendition] == 0 {
		delete(h.readers, rendition)
		h.unheard[rendition] = time.Now()
	}
}

// sweep stops what nobody has heard for a while, until ctx ends; then everything.
func (r *rooms) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			for _, h := range r.unheardSince(now.Add(-keepUnheard)) {
				h.puller.Close()
			}
		case <-ctx.Done():
			for _, h := range r.all() {
				h.puller.Close()
			}
			return
		}
	}
}

// unheardSince drops the renditions that nobody has heard since a time, and answers the rooms of which none is left.
func (r *rooms) unheardSince(before time.Time) []*hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	var over []*hosted
	for key, h := range r.held {
		for rendition, since := range h.unheard {
			if since.Before(before) {
				h.puller.Drop(rendition)
				delete(h.unheard, rendition)
			}
		}
		if len(h.readers) == 0 && len(h.unheard) == 0 {
			delete(r.held, key)
			over = append(over, h)
		}
	}
	return over
}

func (r *rooms) all() []*hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*hosted
	for _, h := range r.held {
		all = append(all, h)
	}
	return all
}

// find answers a room that is held, or nil.
func (r *rooms) find(app id.App, name id.Room) *hosted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[roomKey{app, name}]
}

// audience counts who hears a room on this edge.
type audience struct {
	mu     sync.Mutex
	tracks map[*track]uint64
	doors  uint64
}

// set says how many listeners of a track acknowledge what they hear.
func (a *audience) set(t *track, listeners uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tracks == nil {
		a.tracks = map[*track]uint64{}
	}
	if a.tracks[t] = listeners; listeners == 0 {
		delete(a.tracks, t)
	}
}

// enter counts a listener of a door without acknowledgements until leave is called.
func (a *audience) enter() (leave func()) {
	a.add(1)
	return func() { a.add(^uint64(0)) }
}

func (a *audience) add(n uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doors += n
}

func (a *audience) counts() *listenv1.Counts {
	a.mu.Lock()
	defer a.mu.Unlock()
	sum := &listenv1.Counts{DoorListeners: a.doors}
	for _, listeners := range a.tracks {
		sum.Listeners += listeners
	}
	return sum
}
