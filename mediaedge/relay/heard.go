package relay

import (
	"sync"
	"time"

	"rostrum/mediaedge/audio"
)

// plausible is how far ahead of this node a node below can be: a day. Beyond it, what it says is garbage, which must not
// push the program's numbers away for good.
const plausible = 24 * time.Hour

// heard is the newest that nodes below say they have, over all epochs and renditions. A new origin starts above it.
type heard struct {
	mu     sync.Mutex
	epoch  audio.Epoch
	number audio.Number
}

// Heard keeps what a node below has of the room at a time: the highest epoch and the highest number, each by itself. A
// number more than a day above the newest one held here, and an epoch more than a day above the one here and the Unix
// time in ms (from which epochs start), are ignored.
func (r *Room) Heard(epoch audio.Epoch, number audio.Number, now time.Time) {
	highest := max(r.Epoch(), audio.Epoch(max(now.UnixMilli(), 0))) + audio.Epoch(plausible.Milliseconds())
	newest := r.newest() + audio.Number(plausible/audio.BatchDuration)
	r.heard.mu.Lock()
	defer r.heard.mu.Unlock()
	if epoch <= highest {
		r.heard.epoch = max(r.heard.epoch, epoch)
	}
	if number <= newest {
		r.heard.number = max(r.heard.number, number)
	}
}

// HeardMost answers the highest epoch and the highest number of all that Heard was told.
func (r *Room) HeardMost() (audio.Epoch, audio.Number) {
	r.heard.mu.Lock()
	defer r.heard.mu.Unlock()
	return r.heard.epoch, r.heard.number
}
