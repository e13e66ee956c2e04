package sfu

import (
	"sync"
	"sync/atomic"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// maxSkew is how far a publisher's clock may be from what its first packet promised before it is anchored again.
const maxSkew = 2 * audio.SampleRate

// publisher is who may be heard from a seat: what the stage allows, and where the words go.
type publisher struct {
	seat     audio.Seat
	ingest   Ingest
	metrics  *metrics
	timeline audio.Timeline
	joining  chan struct{} // holds one token: sessions of a seat are made one after the other
	peak     atomic.Uint32 // loudest since the room looked, 0 to 127

	mu      sync.Mutex // held while a packet is forwarded, so that what it guards takes effect at once
	user    id.User    // "": nobody may publish
	muted   bool
	session *session // nil: nobody publishes
	doubted bool     // the session waits until it is known that it may be heard
	routes  []*slot  // replaced, never changed
}

func newPublisher(seat audio.Seat, ingest Ingest, metrics *metrics) *publisher {
	return &publisher{seat: seat, ingest: ingest, metrics: metrics, joining: make(chan struct{}, 1)}
}

// allow lets a user publish and answers the session of somebody else that has to end.
func (p *publisher) allow(user id.User, muted bool) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	var former *session
	if p.user != user {
		former = p.detach()
	}
	p.user = user
	p.setMuted(muted)
	return former
}

// deny ends publishing and answers the session that has to end.
func (p *publisher) deny() (id.User, *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	user := p.user
	p.user, p.muted = "", false
	return user, p.detach()
}

func (p *publisher) mute(muted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setMuted(muted)
}

func (p *publisher) setMuted(muted bool) {
	if muted && !p.muted {
		p.pause()
	}
	p.muted = muted
}

// doubt keeps a session from being heard, or lets it; nothing happens when it is no longer the session.
func (p *publisher) doubt(s *session, doubted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session != s {
		return
	}
	if doubted && !p.doubted {
		p.pause()
	}
	p.doubted = doubted
}

// pause says that what is not forwarded from now on is not lost.
func (p *publisher) pause() {
	for _, slot := range p.routes {
		slot.carriage.fresh = true
	}
}

// attach makes s the publisher's session if the user still may, and answers the one it replaces.
func (p *publisher) attach(s *session, doubted bool) (former *session, allowed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.user != s.user {
		return nil, false
	}
	former = p.detach()
	p.session, p.doubted = s, doubted
	return former, true
}

// release forgets s where it is still the session.
func (p *publisher) release(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session == s {
		p.detach()
	}
}

func (p *publisher) detach() *session {
	former := p.session
	p.session, p.routes, p.doubted = nil, nil, false
	p.timeline.Reset()
	p.peak.Store(0)
	return former
}

// speaking answers whether there is a session that may be heard now.
func (p *publisher) speaking() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session != nil && !p.muted && !p.doubted
}

// route replaces the slots that a session's words go to; nothing happens when it is no longer the session.
func (p *publisher) route(s *session, slots []*slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session == s {
		p.routes = slots
	}
}

// forward gives a packet to the ingest and to every slot. The Opus is the ingest's afterwards, so slots come first.
func (p *publisher) forward(from *session, packet Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.session != from {
		p.metrics.dropped[dropDenied].Inc()
		return
	}
	if p.muted {
		p.metrics.dropped[dropMuted].Inc()
		return
	}
	if p.doubted {
		p.metrics.dropped[dropDoubted].Inc()
		return
	}
	p.timeline.Anchor(packet.Timestamp, packet.Arrival)
	timestamp := p.timeline.Slot(packet.Timestamp)
	if skew := int32(timestamp - uint32(packet.Arrival)); skew > maxSkew || skew < -maxSkew {
		p.timeline.Reset()
		p.timeline.Anchor(packet.Timestamp, packet.Arrival)
		timestamp = p.timeline.Slot(packet.Timestamp)
	}
	sent := 0
	for _, slot := range p.routes {
		if why, ok := slot.write(packet.Sequence, timestamp, packet.Marker, packet.Opus); ok {
			sent++
		} else {
			p.metrics.dropped[why].Inc()
		}
	}
	p.metrics.forwarded.Add(float64(sent))
	if !p.ingest.Push(packet) {
		p.metrics.dropped[dropIngestFull].Inc()
	}
}

// hear keeps the loudest of a publisher's packets until the room looks.
func (p *publisher) hear(loudness uint32) {
	for {
		peak := p.peak.Load()
		if loudness <= peak || p.peak.CompareAndSwap(peak, loudness) {
			return
		}
	}
}
