package relay

import (
	"sort"

	"rostrum/mediaedge/audio"
)

// Entry is one batch or gap of a ring.
type Entry struct {
	First, Last audio.Number // equal for a batch
	Epoch       audio.Epoch
	Batch       []byte          // as the origin encoded it; nil for a gap. Owned by the ring: read only
	Reason      audio.GapReason // of a gap
}

// Gap is the entry as a gap.
func (e Entry) Gap() audio.Gap {
	return audio.Gap{First: e.First, Last: e.Last, Epoch: e.Epoch, Reason: e.Reason}
}

// place is where an entry stands in the log. An entry begins where the one before it ends, so that any run of entries
// is one slice.
type place struct {
	first, last      audio.Number
	epoch            audio.Epoch
	start, body, end uint32 // frames from start to end; the encoded batch from body to end
	reason           audio.GapReason
}

// View is a ring at one moment. It never changes and may be kept; what it holds stays readable for as long. Numbers are
// dense: every one from Oldest to Newest is in a batch or a gap.
type View struct {
	log    []byte
	places []place
}

// Empty answers whether nothing was appended yet.
func (v *View) Empty() bool { return len(v.places) == 0 }

// Newest is the live edge; 0 where the ring is empty.
func (v *View) Newest() audio.Number {
	if len(v.places) == 0 {
		return 0
	}
	return v.places[len(v.places)-1].last
}

// Oldest is the first number that can still be had; 0 where the ring is empty.
func (v *View) Oldest() audio.Number {
	if len(v.places) == 0 {
		return 0
	}
	return v.places[0].first
}

// Epoch is that of the newest entry; 0 where the ring is empty.
func (v *View) Epoch() audio.Epoch {
	if len(v.places) == 0 {
		return 0
	}
	return v.places[len(v.places)-1].epoch
}

// At answers the entry that holds a number.
func (v *View) At(number audio.Number) (Entry, bool) {
	i := v.find(number)
	if i == len(v.places) || v.places[i].first > number {
		return Entry{}, false
	}
	p := &v.places[i]
	e := Entry{First: p.first, Last: p.last, Epoch: p.epoch, Reason: p.reason}
	if p.reason == 0 {
		e.Batch = v.log[p.body:p.end:p.end]
	}
	return e, true
}

// Slice answers the WebSocket frames of the entries from a number on, as many as fit into limit bytes and at least one,
// and the number after them. Below Oldest it begins there; above Newest it answers nothing and from. The frames are the
// ring's: read only. It does not allocate.
func (v *View) Slice(from audio.Number, limit int) (frames []byte, next audio.Number) {
	i := v.find(from)
	if i == len(v.places) {
		return nil, from
	}
	last := len(v.places) - 1
	start := v.places[i].start
	if int(v.places[last].end-start) > limit {
		over := i + 1 + sort.Search(last-i, func(k int) bool { return int(v.places[i+1+k].end-start) > limit })
		last = over - 1
	}
	end := v.places[last].end
	return v.log[start:end:end], v.places[last].last + 1
}

// Advance answers where a reader stands that has n bytes of the frames from a number on: the number whose frame it has
// not wholly, and how many bytes of that it has.
func (v *View) Advance(from audio.Number, n int) (next audio.Number, partial int) {
	for i := v.find(from); i < len(v.places); i++ {
		size := int(v.places[i].end - v.places[i].start)
		if n < size {
			return max(from, v.places[i].first), n
		}
		n -= size
		from = v.places[i].last + 1
	}
	return from, 0
}

// find answers the index of the first entry that ends at number or later.
func (v *View) find(number audio.Number) int {
	n := len(v.places)
	if n == 0 || number > v.places[n-1].last {
		return n
	}
	// Listeners stand near the live edge, where each entry is one number.
	if back := v.places[n-1].last - number; back < audio.Number(n) {
		if i := n - 1 - int(back); v.places[i].first == number {
			return i
		}
	}
	return sort.Search(n, func(i int) bool { return v.places[i].last >= number })
}
