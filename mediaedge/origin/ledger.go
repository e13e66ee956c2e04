package origin

import (
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"rostrum/mediaedge/audio"
)

const (
	// ledgerNumbers is how many numbers of a rendition a ledger holds: 27 minutes.
	ledgerNumbers = 8192
	// firstSums is the capacity of a ledger's first sums: 50 s.
	firstSums = 256
	// ledgerEpochs bounds the epochs whose schedule a ledger remembers.
	ledgerEpochs = 16
)

// ledger is what this node put into a room's rings, over its epochs here: of every number the sum of the batch's bytes, or
// the gap it is in. Whoever hears the room can compare. Safe for concurrent use; noting a batch does not allocate.
type ledger struct {
	mu     sync.Mutex
	epochs []schedule // the newest, rising
	pages  [len(audio.Renditions)]page
}

// schedule says when an epoch's batches are due: batch n ends at anchor + (n+1-first) * 200 ms, and is made delay later.
type schedule struct {
	epoch  audio.Epoch
	first  audio.Number
	anchor time.Time
	delay  time.Duration
}

// page is the ledger of one rendition.
type page struct {
	sums []uint64 // by number modulo its length, a power of two
	runs []run    // dense and rising, the last ledgerNumbers numbers
}

// run is numbers in a row that are all batches of one epoch, or one gap.
type run struct {
	first, last audio.Number
	epoch       audio.Epoch
	reason      audio.GapReason // 0: batches
}

// begin notes an epoch's schedule.
func (l *ledger) begin(s schedule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.epochs) == ledgerEpochs {
		l.epochs = slices.Delete(l.epochs, 0, 1)
	}
	l.epochs = append(l.epochs, s)
}

// batch notes a batch that a ring has taken.
func (l *ledger) batch(rendition audio.Rendition, number audio.Number, epoch audio.Epoch, encoded []byte) {
	i := slices.Index(audio.Renditions[:], rendition)
	if i < 0 {
		return
	}
	sum := xxhash.Sum64(encoded)
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.pages[i]
	p.add(run{first: number, last: number, epoch: epoch})
	p.grow()
	p.sums[number%audio.Number(len(p.sums))] = sum
}

// gap notes a gap that the ring of a rendition has taken.
func (l *ledger) gap(rendition audio.Rendition, gap audio.Gap) {
	i := slices.Index(audio.Renditions[:], rendition)
	if i < 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages[i].add(run{first: gap.First, last: gap.Last, epoch: gap.Epoch, reason: gap.Reason})
}

// read answers a copy of a rendition's page from a number on, and the schedules that are remembered.
func (l *ledger) read(rendition audio.Rendition, from audio.Number) ([]schedule, page) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := page{}
	if i := slices.Index(audio.Renditions[:], rendition); i >= 0 {
		p := &l.pages[i]
		out.sums = slices.Clone(p.sums)
		for _, r := range p.runs {
			if r.last >= from {
				r.first = max(r.first, from)
				out.runs = append(out.runs, r)
			}
		}
	}
	return slices.Clone(l.epochs), out
}

// add puts a run at the end: what of it is above the newest number. What is older than a ledger holds goes.
func (p *page) add(r run) {
	if n := len(p.runs); n > 0 {
		last := &p.runs[n-1]
		if r.first = max(r.first, last.last+1); r.first > r.last {
			return
		}
		if r.reason == 0 && last.reason == 0 && last.epoch == r.epoch && last.last+1 == r.first {
			last.last = r.last
			p.trim()
			return
		}
	}
	p.runs = append(p.runs, r)
	p.trim()
}

func (p *page) trim() {
	newest := p.runs[len(p.runs)-1].last
	if newest < ledgerNumbers {
		return
	}
	oldest := newest + 1 - ledgerNumbers
	gone := 0
	for p.runs[gone].last < oldest {
		gone++
	}
	if gone > 0 {
		p.runs = slices.Delete(p.runs, 0, gone)
	}
	p.runs[0].first = max(p.runs[0].first, oldest)
}

// grow makes room for the sums of all numbers that the runs span.
func (p *page) grow() {
	span := int(p.runs[len(p.runs)-1].last - p.runs[0].first + 1)
	size := max(len(p.sums), firstSums)
	for size < span {
		size *= 2
	}
	if size == len(p.sums) {
		return
	}
	sums := make([]uint64, size)
	for _, r := range p.runs {
		if r.reason != 0 || len(p.sums) == 0 {
			continue
		}
		for n := r.first; n <= r.last; n++ {
			sums[n%audio.Number(size)] = p.sums[n%audio.Number(len(p.sums))]
		}
	}
	p.sums = sums
}

// sum answers the sum of a batch's bytes. The number must be in a run of batches.
func (p *page) sum(number audio.Number) uint64 { return p.sums[number%audio.Number(len(p.sums))] }
