package edge

import (
	"context"
	"net/http"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/ogg"
	"rostrum/mediaedge/relay"
)

const (
	// oggBehind is how many batches before the live edge a stream begins: about a second, which players want in hand.
	oggBehind = 5
	// oggPages is the most that one write carries.
	oggPages = 10
	// oggWriteWithin bounds one write; a player that pauses is cut and comes back.
	oggWriteWithin = 30 * time.Second
	// oggLeaveWithin bounds what a player that does not read can hold up an edge that leaves.
	oggLeaveWithin = time.Second
	// oggRevokedWithin is how often a stream looks whether its grant was ended.
	oggRevokedWithin = time.Second
)

// serveOgg is the door for players that know nothing of us: an endless Ogg Opus stream. The grant stands in the path, so
// nothing of the path is ever logged and no other page learns it.
func (e *Edge) serveOgg(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	leave, ok := e.enter()
	if !ok {
		fault.WriteHTTP(w, fault.New(fault.CodeUnavailable, "this node is leaving; listen elsewhere"))
		return
	}
	defer leave()
	reason, err := e.stream(w, r)
	if err != nil {
		bye := farewellTo(err)
		fault.WriteHTTP(w, err)
		reason = bye.reason
	}
	e.metrics.closed(reason)
}

// stream lets a player in and serves it until it ends. An error comes before anything was written.
func (e *Edge) stream(w http.ResponseWriter, r *http.Request) (Reason, error) {
	grant, err := e.check(r.PathValue("grant"), r.PathValue("room"), token.RightOgg)
	if err != nil {
		return "", err
	}
	defer e.listeners.Add(-1)
	if int(e.listeners.Add(1)) > e.cfg.MaxListeners {
		return "", fault.New(fault.CodeUnavailable, "this edge is full; listen elsewhere")
	}
	hosted, err := e.reach(r.Context(), grant, audio.Voice32)
	if err != nil {
		return "", err
	}
	defer e.rooms.release(hosted, audio.Voice32)
	if hosted.room.Revoked(grant.Subject, grant.Issued) {
		return "", fault.New(fault.CodeForbidden, "the grant was revoked")
	}
	w.Header().Set("Content-Type", "audio/ogg")
	if r.Method == http.MethodHead {
		return ReasonLeft, nil
	}
	e.metrics.entered(doorOgg)
	defer e.metrics.left(doorOgg)
	defer hosted.audience.enter()()
	p := &player{edge: e, hosted: hosted, grant: grant, ring: hosted.room.Ring(audio.Voice32), out: w, control: http.NewResponseController(w)}
	return p.play(r.Context()), nil
}

// player is one Ogg stream, served by its handler's goroutine.
type player struct {
	edge    *Edge
	hosted  *hosted
	grant   token.Grant
	ring    *relay.Ring
	out     http.ResponseWriter
	control *http.ResponseController
	next    audio.Number
	begun   bool
	buffer  []byte
}

func (p *player) play(ctx context.Context) Reason {
	wake := relay.NewSignal()
	defer p.ring.Subscribe(wake)()
	look := time.NewTicker(oggRevokedWithin)
	defer look.Stop()
	defer context.AfterFunc(p.edge.life, func() { p.control.SetWriteDeadline(time.Now().Add(oggLeaveWithin)) })()
	p.begin(p.ring.View())
	if err := p.send(ogg.AppendHeader(nil)); err != nil {
		return ReasonLost
	}
	for {
		ended := p.hosted.room.Ended()
		if reason := p.pages(); reason != "" {
			if p.edge.life.Err() != nil {
				return ReasonLeaving
			}
			return reason
		}
		if ended {
			return ReasonEnded
		}
		select {
		case <-wake:
		case <-look.C:
			if p.hosted.room.Revoked(p.grant.Subject, p.grant.Issued) {
				return ReasonRevoked
			}
			if !p.edge.cfg.Verifier.Knows(p.grant.Key) {
				return ReasonExpired
			}
		case <-p.edge.life.Done():
			return ReasonLeaving
		case <-ctx.Done():
			return ReasonLeft
		}
	}
}

// begin fixes the first number, once the ring has one.
func (p *player) begin(v *relay.View) {
	if !p.begun && !v.Empty() {
		p.begun, p.next = true, max(v.Oldest(), v.Newest()+1-min(oggBehind, v.Newest()+1))
	}
}

// pages sends what the ring has.
func (p *player) pages() Reason {
	for v := p.ring.View(); !v.Empty() && p.next <= v.Newest(); v = p.ring.View() {
		p.begin(v)
		if p.next < v.Oldest() {
			return ReasonFellBehind
		}
		// A gap longer than a ring is not filled from its beginning: nobody waits a minute for a voice.
		p.next = max(p.next, v.Newest()+1-min(relay.HeldNumbers, v.Newest()+1))
		p.buffer = p.buffer[:0]
		for n := 0; n < oggPages && p.next <= v.Newest(); n++ {
			p.buffer = append(p.buffer, p.hosted.pages.page(v, p.next)...)
			p.next++
		}
		if err := p.send(p.buffer); err != nil {
			return ReasonLost
		}
	}
	return ""
}

func (p *player) send(b []byte) error {
	if err := p.control.SetWriteDeadline(time.Now().Add(oggWriteWithin)); err != nil {
		return err
	}
	if p.edge.life.Err() != nil { // looked at after setting the deadline, so that leaving is never undone
		return p.edge.life.Err()
	}
	if _, err := p.out.Write(b); err != nil {
		return err
	}
	p.edge.metrics.bytes.Add(float64(len(b)))
	return p.control.Flush()
}
