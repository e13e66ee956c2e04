package sfu

// window knows which of the newest 64 sequence numbers were seen. The zero value saw nothing.
type window struct {
	newest uint16
	span   int    // numbers from the first one seen to the newest, at most 64; 0: none
	seen   uint64 // bit i: newest-i was seen
}

// maxBehind is how late a packet may be; one that is further behind begins a new window.
const maxBehind = 1024

// admits says whether a sequence number is new, and remembers it. What is older than the window is not new.
func (w *window) admits(sequence uint16) bool {
	ahead := int(int16(sequence - w.newest))
	switch {
	case w.span == 0 || ahead <= -maxBehind:
		*w = window{newest: sequence, span: 1, seen: 1}
		return true
	case ahead > 0:
		w.newest, w.span, w.seen = sequence, min(w.span+ahead, 64), w.seen<<min(ahead, 64)|1
		return true
	case ahead <= -64 || w.seen&(1<<-ahead) != 0:
		return false
	}
	w.seen |= 1 << -ahead
	return true
}

// lacks says whether a sequence number was sent after the first one seen and is missing.
func (w *window) lacks(sequence uint16) bool {
	behind := int(int16(w.newest - sequence))
	if behind < 0 {
		return w.span > 0
	}
	return behind < w.span && w.seen&(1<<behind) == 0
}
