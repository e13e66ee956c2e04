package origin

import (
	"time"

	"rostrum/mediaedge/audio"
)

// ahead is how many numbers an origin reserves beyond the next at every renewal of its lease: 2 s.
const ahead = 10

// anchor ties a number to the moment at which its first sample was captured.
type anchor struct {
	epoch audio.Epoch
	first audio.Number
	wall  time.Time
}

// history is all that is known of the numbers that earlier epochs gave.
type history struct {
	reserved audio.Number // every number given is below it, unless the store was lost
	anchor   anchor       // of the newest epoch in the stage log; zero for a new room
	heard    audio.Number // newest that an edge announced; 0: none
	held     audio.Number // newest in the ring of this process; 0: none
}

// first is the first number of a new epoch that begins now: above every number that may have been given, whatever this
// machine's wall clock says, and otherwise where the wall clock puts it, so that the program keeps its pace.
func (h history) first(now time.Time) audio.Number {
	first := max(h.reserved, h.heard+1, h.held+1, 1)
	if h.anchor.epoch != 0 {
		if since := now.Sub(h.anchor.wall); since > 0 {
			first = max(first, h.anchor.first+audio.Number((since+audio.BatchDuration-1)/audio.BatchDuration))
		}
	}
	return first
}

// gap is the hole before the first number of a new epoch. Its beginning is the lowest number that is not known to have
// been given; who holds more than that leaves the numbers out that it holds.
func (h history) gap(first audio.Number, epoch audio.Epoch) (audio.Gap, bool) {
	from := max(h.held, h.heard) + 1
	if from == 1 && h.reserved > ahead {
		from = h.reserved - ahead
	}
	if h.isEmpty() || from >= first {
		return audio.Gap{}, false
	}
	return audio.Gap{First: from, Last: first - 1, Epoch: epoch, Reason: audio.GapNewOrigin}, true
}

func (h history) isEmpty() bool { return h == history{} }
