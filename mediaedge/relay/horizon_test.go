package relay

import (
	"errors"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"pgregory.net/rapid"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

const perDay = audio.Number(24 * 60 * 60 * 5)

func TestHorizon(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	day := audio.Epoch(24 * time.Hour / time.Millisecond)
	held := func(epoch audio.Epoch, newest audio.Number, ago time.Duration) *Room {
		room := NewRoom(id.Main, testRoom)
		mustAppend(t, room.Ring(audio.Voice16), newest, newest, epoch)
		room.grew.Store(now.Add(-ago).UnixMilli())
		return room
	}
	for name, c := range map[string]struct {
		room  *Room
		epoch audio.Epoch
		last  audio.Number
	}{
		"nothing held":              {NewRoom(id.Main, testRoom), 1_700_000_000_000 + 2*day, 8_500_000_000 + 2*perDay},
		"just taken":                {held(7, 1000, 0), 1_700_000_000_000 + 2*day, 1000 + 2*perDay},
		"nothing came for a second": {held(7, 1000, time.Second), 1_700_000_000_000 + 2*day, 1005 + 2*perDay},
		"nothing came for a week":   {held(7, 1000, 7*24*time.Hour), 1_700_000_000_000 + 2*day, 1000 + 9*perDay},
		"a clock that was set back": {held(7, 1000, -time.Hour), 1_700_000_000_000 + 2*day, 1000 + 2*perDay},
		"an epoch ahead":            {held(1_700_000_000_000+day, 1000, 0), 1_700_000_000_000 + 3*day, 1000 + 2*perDay},
	} {
		epoch, last := c.room.horizon(now)
		if epoch != c.epoch || last != c.last {
			t.Errorf("%s: epoch %d, number %d, want %d, %d", name, epoch, last, c.epoch, c.last)
		}
	}
}

// TestWhatIsHeardIsWithinTheHorizon: an origin that began above the most that a node below may say is followed by who holds
// up to a minute less.
func TestWhatIsHeardIsWithinTheHorizon(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	origin, edge := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, origin.Ring(audio.Voice32), 1000+HeldNumbers, 1000+HeldNumbers, 7)
	in := newIntake(edge)
	takeBatch(t, in, 1000, 7, now)
	origin.Heard(audio.Epoch(now.Add(24*time.Hour).UnixMilli()), 1000+HeldNumbers+perDay, now)
	epoch, number := origin.HeardMost()
	takeBatch(t, in, number+1, epoch+1, now)
	takeBatch(t, newIntake(NewRoom(id.Main, testRoom)), number+1, epoch+1, now)
}

// TestNothingRightLooksOld mixes an upstream's right items with absurd ones, over pauses of up to a month: each right one
// is taken, no absurd one.
func TestNothingRightLooksOld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		began := time.UnixMilli(1_700_000_000_000)
		now := began.Add(time.Duration(rapid.Int64Range(0, int64(300*24*time.Hour)).Draw(rt, "age")))
		room := NewRoom(id.Main, testRoom)
		in, epoch, next := newIntake(room), audio.Epoch(now.UnixMilli()), audio.Number(1)
		for range rapid.IntRange(1, 40).Draw(rt, "items") {
			switch rapid.IntRange(0, 3).Draw(rt, "kind") {
			case 0: // a pause, and another origin
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(rt, "pause")))
				epoch++
			case 1:
				if err := in.take(absurd(rt, t, room, now), now); err != nil && !errors.Is(err, errGarbage) {
					rt.Fatal(err)
				}
				in.bad = 0 // the next is another upstream
			default:
				next = max(next, audio.Number(now.Sub(began)/audio.BatchDuration))
				before := room.newest()
				if err := in.take(batchItem(t, next, epoch), now); err != nil || room.newest() != next {
					rt.Fatalf("number %d of epoch %d after %d was not taken: %v; the room stands at %d of %d", next, epoch, before, err, room.newest(), room.Epoch())
				}
				if !room.SetCard(roomCard(epoch, uint64(next))) {
					rt.Fatalf("the card of epoch %d was not taken after that of %d", epoch, room.Card().GetEpoch())
				}
				next++
			}
		}
	})
}

// absurd draws an item beyond what can be right.
func absurd(rt *rapid.T, t *testing.T, room *Room, now time.Time) *relayv1.PullItem {
	highest, last := room.horizon(now)
	epoch := audio.Epoch(rapid.Uint64Range(uint64(highest)+1, 1<<64-1).Draw(rt, "epoch"))
	number := audio.Number(rapid.Uint64Range(uint64(last)+1, 1<<64-1).Draw(rt, "number"))
	switch rapid.IntRange(0, 4).Draw(rt, "absurd") {
	case 0:
		return batchItem(t, number, highest)
	case 1:
		return batchItem(t, room.newest()+1, epoch)
	case 2:
		return gapItem(room.newest()+1, number, max(room.Epoch(), 1))
	case 3:
		return gapItem(room.newest()+1, room.newest()+2, epoch)
	}
	return &relayv1.PullItem{Item: &relayv1.PullItem_Card{Card: roomCard(epoch, 1)}}
}

// TestAnUpstreamFarAheadIsLeft serves nothing but numbers that cannot be right: the puller counts them, looks for the room
// elsewhere and has it from there.
func TestAnUpstreamFarAheadIsLeft(t *testing.T) {
	t.Parallel()
	opened := &relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 5, Newest: 11}}}
	ahead := &relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 5, Newest: 1 << 60}}}
	for name, items := range map[string][]*relayv1.PullItem{
		"batches":     append([]*relayv1.PullItem{opened}, repeated(batchItem(t, 1<<60, 5), maxRefusedRun)...),
		"an epoch":    append([]*relayv1.PullItem{opened}, repeated(batchItem(t, 11, 1<<60), maxRefusedRun)...),
		"gaps":        append([]*relayv1.PullItem{opened}, repeated(gapItem(1, 1<<60, 5), maxRefusedRun)...),
		"cards":       append([]*relayv1.PullItem{opened}, repeated(&relayv1.PullItem{Item: &relayv1.PullItem_Card{Card: roomCard(1<<60, 1)}}, maxRefusedRun)...),
		"its opening": {ahead},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			origin := NewRoom(id.Main, testRoom)
			mustAppend(t, origin.Ring(audio.Voice32), 10, 11, 5)
			origin.SetCard(roomCard(5, 1))
			good := newNode(t, func() (*Room, error) { return origin, nil })
			network := newNetwork(t, listener.Addr().String())
			serve(t, grpc.NewServer(), listener, &scripted{script: func(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
				network.home.Store(&good.address)
				for _, item := range items {
					if err := stream.Send(item); err != nil {
						return err
					}
				}
				<-stream.Context().Done()
				return nil
			}})
			metrics, _ := NewPullMetrics(nil)
			p, room := newPuller(t, network, PullConfig{Metrics: metrics, Silence: time.Minute})
			p.Want(audio.Voice32)
			if err := p.Ready(within(t), audio.Voice32); err != nil {
				t.Fatal(err)
			}
			if err := same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)); err != nil {
				t.Error(err)
			}
			if got := counted(metrics.refused.WithLabelValues(string(RefusedAhead))); got != float64(len(items)-1) {
				t.Errorf("counted %v items far ahead, want %d", got, len(items)-1)
			}
			if got := counted(metrics.lost.WithLabelValues(errGarbage.Error())); got != 1 {
				t.Errorf("left %v times for garbage", got)
			}
		})
	}
}

func newIntake(room *Room) *intake {
	return &intake{lane: &lane{puller: NewPuller(room, PullConfig{}), ring: room.Ring(audio.Voice32), ready: make(chan struct{})}, opened: true}
}

func takeBatch(t *testing.T, in *intake, number audio.Number, epoch audio.Epoch, now time.Time) {
	t.Helper()
	if err := in.take(batchItem(t, number, epoch), now); err != nil || in.lane.ring.View().Newest() != number {
		t.Fatalf("number %d of epoch %d was not taken: %v; the ring stands at %d", number, epoch, err, in.lane.ring.View().Newest())
	}
}

func batchItem(t *testing.T, number audio.Number, epoch audio.Epoch) *relayv1.PullItem {
	t.Helper()
	return &relayv1.PullItem{Item: &relayv1.PullItem_Batch{Batch: encode(t, number, epoch, audio.Voice32)}}
}

func gapItem(first, last audio.Number, epoch audio.Epoch) *relayv1.PullItem {
	return &relayv1.PullItem{Item: &relayv1.PullItem_Gap{Gap: audio.WireGap(audio.Gap{First: first, Last: last, Epoch: epoch, Reason: audio.GapNewOrigin})}}
}

func roomCard(epoch audio.Epoch, revision uint64) *listenv1.RoomCard {
	return &listenv1.RoomCard{App: string(id.Main), Room: string(testRoom), Epoch: uint64(epoch), Revision: revision}
}

func repeated(item *relayv1.PullItem, times int) []*relayv1.PullItem {
	all := make([]*relayv1.PullItem, times)
	for i := range all {
		all[i] = item
	}
	return all
}
