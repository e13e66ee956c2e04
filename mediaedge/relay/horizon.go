package relay

import (
	"time"

	"rostrum/mediaedge/audio"
)

// reach is how far ahead of what can be right an upstream may be: two days. It is more than nodes below may be (plausible),
// because an origin that began above what one of them said is right.
const reach = 2 * plausible

// horizon is the highest epoch and the highest number that an upstream may give at a time. Epochs start from the Unix time
// in ms. Numbers go on from the newest that is held, five for each second that has passed since; where nothing is held they
// could go on from 1970, since no program is older. What is beyond it would make all that is right look old.
func (r *Room) horizon(now time.Time) (audio.Epoch, audio.Number) {
	ms := max(now.UnixMilli(), 0)
	passed := ms
	if grew := r.grew.Load(); grew != 0 {
		passed = max(ms-grew, 0)
	}
	return max(r.Epoch(), audio.Epoch(ms)) + audio.Epoch(reach.Milliseconds()),
		r.newest() + audio.Number((passed+reach.Milliseconds())/audio.BatchDuration.Milliseconds())
}

// beyond answers whether an epoch or a number is above the horizon.
func (r *Room) beyond(epoch audio.Epoch, number audio.Number, now time.Time) bool {
	highest, last := r.horizon(now)
	return epoch > highest || number > last
}

// newest is the highest number of all rings; 0 where they are empty.
func (r *Room) newest() audio.Number {
	var newest audio.Number
	for _, ring := range r.rings {
		newest = max(newest, ring.View().Newest())
	}
	return newest
}
