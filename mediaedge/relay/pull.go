package relay

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

// liveMargin is how many numbers before the newest the live edge begins: a reader then has a second at once.
const liveMargin = 4

// pull is one stream being served. Its sender owns it but for sending.
type pull struct {
	// static
	stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]
	room   *Room
	ring   *Ring
	wake   Signal
	opened time.Time
	cut    <-chan struct{} // closed when the room is no longer at home here

	// owned by send
	next    audio.Number
	begun   bool               // something was sent from next's ring
	card    *listenv1.RoomCard // last sent
	revoked uint64             // revocations sent

	sending atomic.Int64 // since when an item waits to be sent, as time since opened; 0: none does
}

// send streams until the room ends (nil), the stream breaks or the reader falls behind the ring.
func (p *pull) send() error {
	defer p.ring.Subscribe(p.wake)()
	defer p.room.Subscribe(p.wake)()
	if err := p.begin(); err != nil {
		return err
	}
	quiet := time.NewTicker(heartbeatEvery)
	defer quiet.Stop()
	for {
		ended := p.room.Ended() // before looking at the ring: nothing is appended afterwards
		if err := p.changes(); err != nil {
			return err
		}
		sent, err := p.batches()
		if err != nil {
			return err
		}
		if sent {
			quiet.Reset(heartbeatEvery)
		}
		if ended {
			return p.put(&relayv1.PullItem{Item: &relayv1.PullItem_Ended{Ended: &relayv1.PullEnded{}}})
		}
		select {
		case <-p.wake:
		case <-quiet.C:
			err = p.put(&relayv1.PullItem{Item: &relayv1.PullItem_Heartbeat{Heartbeat: &relayv1.Heartbeat{
				Epoch: uint64(p.room.Epoch()), Newest: uint64(p.ring.View().Newest()),
			}}})
		case <-p.stream.Context().Done():
			err = p.stream.Context().Err()
		}
		if err != nil {
			return err
		}
	}
}

func (p *pull) begin() error {
	v := p.ring.View()
	if p.next == 0 {
		p.next = max(v.Newest(), liveMargin) - liveMargin
	}
	p.next = max(p.next, v.Oldest())
	return p.put(&relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{
		Epoch: uint64(p.room.Epoch()), Oldest: uint64(v.Oldest()), Newest: uint64(v.Newest()),
	}}})
}

// batches sends what the ring has from next on.
func (p *pull) batches() (sent bool, err error) {
	for v := p.ring.View(); p.next <= v.Newest() && !v.Empty(); v = p.ring.View() {
		if p.next < v.Oldest() {
			if p.begun {
				return sent, fault.New(fault.CodeTooSlow, "batch %d is no longer held", p.next)
			}
			p.next = v.Oldest()
		}
		entry, _ := v.At(p.next)
		item := &relayv1.PullItem{Item: &relayv1.PullItem_Batch{Batch: entry.Batch}}
		if entry.Batch == nil {
			item.Item = &relayv1.PullItem_Gap{Gap: audio.WireGap(entry.Gap())}
		}
		if err := p.put(item); err != nil {
			return sent, err
		}
		p.next, p.begun, sent = entry.Last+1, true, true
	}
	return sent, nil
}

// changes sends the card and the revocations that the reader does not have yet.
func (p *pull) changes() error {
	if card := p.room.Card(); card != p.card {
		if err := p.put(&relayv1.PullItem{Item: &relayv1.PullItem_Card{Card: card}}); err != nil {
			return err
		}
		p.card = card
	}
	fresh, total := p.room.Revocations(p.revoked)
	for _, revocation := range fresh {
		wire := p.room.wireRevocation(revocation)
		if err := p.put(&relayv1.PullItem{Item: &relayv1.PullItem_Revocation{Revocation: wire}}); err != nil {
			return err
		}
	}
	p.revoked = total
	return nil
}

func (p *pull) put(item *relayv1.PullItem) error {
	p.sending.Store(int64(time.Since(p.opened)) | 1)
	defer p.sending.Store(0)
	return p.stream.Send(item)
}

// waited is how long the item that is being sent waits already.
func (p *pull) waited() time.Duration {
	since := p.sending.Load()
	if since == 0 {
		return 0
	}
	return time.Since(p.opened) - time.Duration(since)
}
