package relay

import (
	"sync"

	"rostrum/mediaedge/audio"
)

// heard is the newest that nodes below say they have, over all epochs and renditions. A new origin starts above it.
type heard struct {
	mu     sync.Mutex
	epoch  audio.Epoch
	number audio.Number
}

// Heard keeps what a node below has of the room already: the highest epoch and the highest number, each by itself.
func (r *Room) Heard(epoch audio.Epoch, number audio.Number) {
	if uint64(epoch) >= maxNumber || number >= maxNumber {
		return
	}
	r.heard.mu.Lock()
	r.heard.epoch, r.heard.number = max(r.heard.epoch, epoch), max(r.heard.number, number)
	r.heard.mu.Unlock()
}

// HeardMost answers the highest epoch and the highest number of all that Heard was told.
func (r *Room) HeardMost() (audio.Epoch, audio.Number) {
	r.heard.mu.Lock()
	defer r.heard.mu.Unlock()
	return r.heard.epoch, r.heard.number
}
