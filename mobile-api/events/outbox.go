package events

import "sync"

const (
	mostWaiting      = 256
	mostWaitingBytes = 512 << 10
	mostKept         = 32 // items that a quiet connection keeps room for
)

// piece is a frame, or a part of one that whole follows; it is shared and never written to.
type piece struct {
	bytes []byte
	free  bool // part of an opening: does not count against the bounds
}

// outbox is what waits to be written to one connection. It holds memory only while something does.
type outbox struct {
	ready chan struct{} // something waits

	mu      sync.Mutex
	waiting []piece
	count   int // waiting or being written, openings aside
	bytes   int
	opening int // items of an opening that wait or are being written
	closed  bool
}

func newOutbox() outbox { return outbox{ready: make(chan struct{}, 1)} }

// push lets a frame wait; false: too much does already.
func (o *outbox) push(frame []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if o.count >= mostWaiting || o.bytes+len(frame) > mostWaitingBytes {
		return false
	}
	o.count++
	o.bytes += len(frame)
	o.add(piece{bytes: frame})
	return true
}

// open lets the beginning of a stream wait, which is as large as a stage or as what was missed. False: another one does
// already, so that no more than one is ever held.
func (o *outbox) open(frames [][]byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if o.opening > 0 {
		return false
	}
	o.opening = len(frames)
	for _, frame := range frames {
		o.add(piece{frame, true})
	}
	return true
}

func (o *outbox) add(it piece) {
	o.waiting = append(o.waiting, it)
	if len(o.waiting) == 1 {
		select {
		case o.ready <- struct{}{}:
		default:
		}
	}
}

// take answers all that waits, and has the memory of the batch before, unless it is large, for what comes next.
func (o *outbox) take(before []piece) []piece {
	clear(before)
	o.mu.Lock()
	defer o.mu.Unlock()
	taken := o.waiting
	o.waiting = nil
	if cap(before) <= mostKept {
		o.waiting = before[:0]
	}
	return taken
}

// wrote counts items out.
func (o *outbox) wrote(items []piece) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range items {
		if it.free {
			o.opening--
			continue
		}
		o.count--
		o.bytes -= len(it.bytes)
	}
}

// close forgets what waits, and all that comes.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.waiting = true, nil
}
