package relay

import (
	"errors"
	"fmt"
	"time"

	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

// intake judges what one upstream sends: only what fits the room and its rules gets into a ring.
type intake struct {
	lane   *lane
	opened bool
	target audio.Number // upstream's newest at opening: once we have it, we have caught up
	bad    int          // refused items in a row
}

// take handles an item that came at a time. An error ends the stream.
func (in *intake) take(item *relayv1.PullItem, now time.Time) error {
	if !in.opened {
		return in.open(item, now)
	}
	switch what := item.GetItem().(type) {
	case *relayv1.PullItem_Batch:
		return in.judge(in.batch(what.Batch, now), now)
	case *relayv1.PullItem_Gap:
		return in.judge(in.gap(what.Gap, now), now)
	case *relayv1.PullItem_Card:
		if in.lane.puller.room.beyond(audio.Epoch(what.Card.GetEpoch()), 0, now) {
			return in.judge(RefusedAhead, now)
		}
		in.lane.puller.room.SetCard(what.Card)
	case *relayv1.PullItem_Revocation:
		in.revoke(what.Revocation)
	case *relayv1.PullItem_Ended:
		return errRoomEnded
	case *relayv1.PullItem_Redirect:
		return in.redirect(what.Redirect)
	}
	in.caughtUp()
	return nil
}

func (in *intake) open(item *relayv1.PullItem, now time.Time) error {
	switch what := item.GetItem().(type) {
	case *relayv1.PullItem_Opened:
		epoch, newest := audio.Epoch(what.Opened.GetEpoch()), audio.Number(what.Opened.GetNewest())
		if epoch != 0 && epoch < in.lane.puller.room.Epoch() {
			return errStale
		}
		if in.lane.puller.room.beyond(epoch, newest, now) {
			return fmt.Errorf("%w: it opens at number %d of epoch %d", errGarbage, newest, epoch)
		}
		in.opened, in.target = true, newest
		in.caughtUp()
		return nil
	case *relayv1.PullItem_Redirect:
		return in.redirect(what.Redirect)
	}
	return fmt.Errorf("%w: the first item of a pull was %T", errProtocol, item.GetItem())
}

func (in *intake) batch(encoded []byte, now time.Time) error {
	header, err := audio.Peek(encoded)
	if err != nil {
		return RefusedMalformed
	}
	if in.lane.puller.room.beyond(header.Epoch, header.Number, now) {
		return RefusedAhead
	}
	return in.lane.ring.append(header, encoded)
}

func (in *intake) gap(wire *listenv1.Gap, now time.Time) error {
	gap, err := audio.ReadGap(wire)
	if err != nil {
		return RefusedMalformed
	}
	if in.lane.puller.room.beyond(gap.Epoch, gap.Last, now) {
		return RefusedAhead
	}
	return in.lane.ring.AppendGap(gap)
}

func (in *intake) redirect(to *relayv1.Redirect) error {
	if to.GetAddress() == "" || len(to.GetAddress()) > 255 {
		return fmt.Errorf("%w: redirected to nowhere", errProtocol)
	}
	if epoch := audio.Epoch(to.GetEpoch()); epoch != 0 && epoch < in.lane.puller.room.Epoch() {
		return errStale
	}
	return redirected{to.GetAddress()}
}

// judge counts what a ring refused and leaves an upstream that sends nothing else.
func (in *intake) judge(err error, now time.Time) error {
	if err == nil {
		in.bad = 0
		in.lane.puller.room.grew.Store(now.UnixMilli())
		in.caughtUp()
		return nil
	}
	var refusal Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	in.lane.puller.cfg.Metrics.refused.WithLabelValues(string(refusal)).Inc()
	if in.bad++; in.bad < maxRefusedRun {
		return nil
	}
	if refusal == RefusedEpoch {
		return errStale
	}
	return fmt.Errorf("%w: %d items in a row, the last for %s", errGarbage, in.bad, refusal)
}

func (in *intake) revoke(wire *listenv1.Revocation) {
	room := in.lane.puller.room
	if wire.GetApp() == string(room.app) && wire.GetRoom() == string(room.id) {
		room.Revoke(Revocation{Subject: wire.GetSubject(), IssuedBefore: time.Unix(wire.GetIssuedBefore(), 0)})
	}
}

func (in *intake) caughtUp() {
	if in.lane.ring.View().Newest() >= in.target {
		in.lane.give(nil)
	}
}

// report is what this node says of the room: its own listeners and those of the nodes below.
func (p *Puller) report(now time.Time) *relayv1.CountReport {
	counts, below := p.cfg.Counts(), p.room.Counts(now)
	return &relayv1.CountReport{
		Node: string(p.cfg.Node), BootId: p.cfg.BootID, Sequence: uint64(now.UnixMilli()),
		ValidMs: uint32(maxReportValid.Milliseconds()),
		Counts: &listenv1.Counts{
			Listeners: counts.GetListeners() + below.GetListeners(), DoorListeners: counts.GetDoorListeners() + below.GetDoorListeners(),
		},
	}
}
