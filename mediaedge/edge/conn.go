package edge

import (
	"sync/atomic"
	"time"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	// burstBytes bounds one delivery: about what a fresh TCP connection sends before it waits for an answer.
	burstBytes = 14 << 10
	// maxAhead is how far above the newest number a listener may wait: 10 s.
	maxAhead = 50
	// ackWithin is how long a listener counts without an acknowledgement.
	ackWithin = 45 * time.Second
	// audioWithin is how long a listener waits for the first batch of an edge that has none yet.
	audioWithin = 10 * time.Second
	// goodbyeWithin is how long a connection may take to say goodbye.
	goodbyeWithin = 2 * time.Second
	// minVersion is the lowest version of a client that is served.
	minVersion = 1
)

// cadence is how many batches a delivery holds.
type cadence uint8

const (
	everyBatch  cadence = 1 // 200 ms
	everySecond cadence = 5
)

func (c cadence) millis() uint32 { return uint32(c) * uint32(audio.BatchDuration/time.Millisecond) }

// conn is a listener's connection. What it was sent so far is (next, sent): all before number next, and the first sent
// bytes of the frame that holds next.
type conn struct {
	// What a delivery reads stands first, so that it takes two cache lines: static, then owned by the shard.
	shard    *shard
	socket   socket
	next     audio.Number
	sent     int
	out      []byte  // goes before the next frame
	progress instant // when the kernel last took something, or last had nothing to take
	stage    stage
	blocked  bool // the kernel did not take all of the last try
	lagging  bool // in shard.lagging
	cadence  cadence

	// owned by the shard
	track *track
	lane  *lane   // nil: not delivered to
	at    int     // in lane
	since instant // when it began to end

	// static
	hosted  *hosted
	wish    wish
	subject string
	issued  time.Time
	expires time.Time
	key     string // that signed the grant
	opened  instant

	// owned by the reader
	messages messages
	window   instant // of the rate bound
	count    int     // messages in it

	heard atomic.Int64 // instant of the newest Ack

	// guarded by shard.mu
	letter letter
}

// stage is how far a connection's life has gone.
type stage uint8

const (
	opening stage = iota // waits for the ring's first entry
	playing
	ending // a close frame is on its way
	waving // it has been sent; the peer's answer is awaited
	gone
)

// open fixes the first number and says Hello. Where the ring is empty it does nothing yet.
func (c *conn) open(v *relay.View) {
	if v.Empty() {
		return
	}
	switch wish := c.wish; {
	case !wish.resume:
		c.next = max(v.Oldest(), v.Newest()+1-min(audio.Number(c.cadence), v.Newest()+1))
	case wish.from > v.Newest()+1+maxAhead:
		c.shard.dismiss(c, farewell(ReasonFromAhead, fault.New(fault.CodeFromAhead, "the newest number is %d", v.Newest())))
		return
	default:
		c.next = max(v.Oldest(), wish.from)
	}
	c.stage = playing
	c.out = relay.AppendMessage(c.out, &listenv1.ServerMessage{Message: &listenv1.ServerMessage_Hello{Hello: &listenv1.Hello{
		Epoch: uint64(v.Epoch()), First: uint64(c.next), Newest: uint64(v.Newest()), Oldest: uint64(v.Oldest()),
		CadenceMs: c.cadence.millis(), Rendition: string(c.track.ring.Rendition()), MinVersion: minVersion,
		Node: string(c.shard.edge.cfg.Node),
	}}})
	c.out = append(c.out, c.hosted.room.CardFrame()...)
}

// deliver hands over, in one try, what the ring has for the listener. It neither allocates nor locks.
func (c *conn) deliver(v *relay.View, now instant) {
	if c.stage != playing || len(c.out) > 0 && !c.interject(v, now) {
		return
	}
	if c.next < v.Oldest() {
		c.shard.dismiss(c, tooSlow(ReasonFellBehind, c.next))
		return
	}
	frames, next := v.Slice(c.next, burstBytes)
	if len(frames) == 0 {
		return
	}
	n, clear, err := c.socket.try(frames[c.sent:])
	if err != nil {
		c.shard.drop(c, ReasonLost)
		return
	}
	if c.sent+n == len(frames) {
		c.next, c.sent = next, 0
	} else if n > 0 {
		c.next, c.sent = v.Advance(c.next, c.sent+n)
	}
	c.shard.delivered(n, clear)
	c.settle(n, clear, now)
	if !clear || c.next <= v.Newest() {
		c.shard.lag(c)
	}
}

// interject sends what goes between frames: the rest of a begun frame first. It answers whether all of it went.
func (c *conn) interject(v *relay.View, now instant) bool {
	if c.sent > 0 {
		if c.next < v.Oldest() {
			c.shard.drop(c, ReasonFellBehind) // in the middle of a frame nothing else can be said
			return false
		}
		frame, next := v.Slice(c.next, 0)
		n, clear, err := c.socket.try(frame[c.sent:])
		if err != nil {
			c.shard.drop(c, ReasonLost)
			return false
		}
		c.settle(n, clear, now)
		if c.sent += n; c.sent < len(frame) {
			c.shard.lag(c)
			return false
		}
		c.next, c.sent = next, 0
	}
	n, clear, err := c.socket.try(c.out)
	if err != nil {
		c.shard.drop(c, ReasonLost)
		return false
	}
	c.settle(n, clear, now)
	c.out = c.out[n:]
	if len(c.out) > 0 || !clear {
		c.shard.lag(c)
		return false
	}
	c.out = nil
	return true
}

func (c *conn) settle(n int, clear bool, now instant) {
	if n > 0 || clear || !c.blocked {
		c.progress = now
	}
	c.blocked = !clear
}

// caughtUp answers whether the listener has everything.
func (c *conn) caughtUp(v *relay.View) bool {
	return c.next > v.Newest() && c.sent == 0 && len(c.out) == 0
}
