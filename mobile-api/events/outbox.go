package events

import "sync"

const (
	mostWaiting      = 256
	mostWaitingBytes = 512 << 10
	mostKept         = 32 // pieces that a quiet connection keeps room for
	mostOpenings     = 4  // a view that turns while the one before is being sent
)

// piece is a frame, or a part of one; it is shared and never written to.
type piece struct {
	bytes []byte
	more  bool // the frame goes on in the next piece
	free  bool // part of an opening: does not count against the bounds of frames
	last  bool // the last one of it
}

// outbox is what waits to be written to one connection. It holds memory only while something does.
type outbox struct {
	ready chan struct{} // something waits

	mu      sync.Mutex
	waiting []piece
	count   int // waiting or being written, openings aside
	bytes   int
	opening int // openings that wait or are being written
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

// open lets the beginning of a stream wait, which is as large as a stage or as what was missed. False: too many do
// already.
func (o *outbox) open(pieces []piece) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(pieces) == 0 {
		return true
	}
	if o.opening >= mostOpenings {
		return false
	}
	o.opening++
	for i, p := range pieces {
		p.free, p.last = true, i == len(pieces)-1
		o.add(p)
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

// wrote counts pieces out.
func (o *outbox) wrote(pieces []piece) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range pieces {
		if p.last {
			o.opening--
		}
		if !p.free {
			o.count--
			o.bytes -= len(p.bytes)
		}
	}
}

// close forgets what waits, and all that comes.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.waiting = true, nil
}
