package relay

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestASilentUpstreamIsLeft(t *testing.T) {
	t.Parallel()
	first, second := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, first.Ring(audio.Voice32), 10, 20, 1)
	mustAppend(t, second.Ring(audio.Voice32), 10, 30, 1)
	good := newNode(t, func() (*Room, error) { return second, nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mute := &scripted{script: func(stream grpc.BidiStreamingServer[relayv1.PullRequest, relayv1.PullItem]) error {
		err := stream.Send(&relayv1.PullItem{Item: &relayv1.PullItem_Opened{Opened: &relayv1.PullOpened{Epoch: 1}}})
		<-stream.Context().Done()
		return err
	}}
	serve(t, grpc.NewServer(), listener, mute)
	net := newNetwork(t, listener.Addr().String())
	metrics, _ := NewPullMetrics(nil)
	p, room := newPuller(t, net, PullConfig{Metrics: metrics})
	p.Want(audio.Voice32)
	testkit.Eventually(t, time.Minute, func() error {
		if counted(metrics.lost.WithLabelValues("silent")) == 0 {
			return errors.New("the silent upstream was not left")
		}
		return nil
	})
	net.home.Store(&good.address)
	testkit.Eventually(t, time.Minute, func() error { return same(second.Ring(audio.Voice32), room.Ring(audio.Voice32)) })
}

func TestRedirectsAreFollowedAndBounded(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	mustAppend(t, origin.Ring(audio.Voice32), 1, 10, 1)
	home := newNode(t, func() (*Room, error) { return origin, nil })
	second := newNode(t, func() (*Room, error) { return nil, &Moved{Address: home.address, Node: "sfu-2"} })
	first := newNode(t, func() (*Room, error) { return nil, &Moved{Address: second.address, Node: "sfu-1"} })
	p, room := newPuller(t, newNetwork(t, first.address), PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	if err := same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)); err != nil {
		t.Error(err)
	}
	circle := newNode(t, nil)
	var asked atomic.Int32
	circle.answer(func() (*Room, error) { asked.Add(1); return nil, &Moved{Address: circle.address, Node: "sfu-3"} })
	lost, _ := NewPullMetrics(nil)
	q, _ := newPuller(t, newNetwork(t, circle.address), PullConfig{Metrics: lost})
	q.Want(audio.Voice32)
	testkit.Eventually(t, time.Minute, func() error {
		if counted(lost.lost.WithLabelValues("redirects")) == 0 {
			return errors.New("still going round in a circle")
		}
		return nil
	})
	n := asked.Load()
	if rounds := int32(counted(lost.lost.WithLabelValues("redirects"))); n < maxHops || n > (rounds+1)*(maxHops+1) {
		t.Errorf("asked %d times in %d rounds", n, rounds)
	}
}

// The new home is told over the control stream too, after a redirect led there, and later another one.
func TestARedirectedPullStaysUntilTheRoomIsElsewhere(t *testing.T) {
	t.Parallel()
	origin, next := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, origin.Ring(audio.Voice32), 1, 10, 1)
	mustAppend(t, next.Ring(audio.Voice32), 11, 20, 2)
	home, third := newNode(t, func() (*Room, error) { return origin, nil }), newNode(t, func() (*Room, error) { return next, nil })
	old := newNode(t, func() (*Room, error) { return nil, &Moved{Address: home.address, Node: "sfu-2"} })
	net, learned := newNetwork(t, old.address), map[string]chan struct{}{}
	for _, address := range []string{old.address, home.address, third.address} {
		learned[address] = make(chan struct{})
	}
	asked := make(chan string, 8)
	net.moved = func(address string) <-chan struct{} {
		asked <- address
		return learned[address]
	}
	metrics, _ := NewPullMetrics(nil)
	p, room := newPuller(t, net, PullConfig{Metrics: metrics})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	net.home.Store(&home.address)
	close(learned[old.address])
	for _, want := range []string{old.address, home.address} {
		if address := <-asked; address != want {
			t.Fatalf("watches whether the room left %s, not %s", address, want)
		}
	}
	mustAppend(t, origin.Ring(audio.Voice32), 11, 12, 1)
	testkit.Eventually(t, time.Minute, func() error { return same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)) })
	if n := counted(metrics.lost.WithLabelValues("moved")); n != 0 {
		t.Errorf("the room was left %v times for where it was", n)
	}
	net.home.Store(&third.address)
	close(learned[home.address])
	testkit.Eventually(t, time.Minute, func() error {
		if v := room.Ring(audio.Voice32).View(); v.Newest() != 20 || v.Epoch() != 2 {
			return fmt.Errorf("holds up to %d of epoch %d", v.Newest(), v.Epoch())
		}
		return nil
	})
	if n := counted(metrics.lost.WithLabelValues("moved")); n != 1 {
		t.Errorf("left %v times as moved", n)
	}
}

func TestALowerEpochIsLeftAndAHigherContinues(t *testing.T) {
	t.Parallel()
	old, fresh := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, old.Ring(audio.Voice32), 1, 20, 1)
	mustAppend(t, fresh.Ring(audio.Voice32), 15, 18, 2)
	a, b := newNode(t, func() (*Room, error) { return old, nil }), newNode(t, func() (*Room, error) { return fresh, nil })
	net := newNetwork(t, a.address)
	p, room := newPuller(t, net, PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	a.answer(func() (*Room, error) { return nil, fault.New(fault.CodeUnavailable, "gone") })
	net.home.Store(&b.address)
	a.server.Close()
	mustAppend(t, fresh.Ring(audio.Voice32), 19, 25, 2)
	testkit.Eventually(t, time.Minute, func() error {
		if v := room.Ring(audio.Voice32).View(); v.Newest() != 25 || v.Epoch() != 2 {
			return fmt.Errorf("holds up to %d of epoch %d", v.Newest(), v.Epoch())
		}
		return nil
	})
	v := room.Ring(audio.Voice32).View()
	for n := audio.Number(1); n <= 25; n++ {
		want := audio.Epoch(1)
		if n > 20 {
			want = 2
		}
		if entry, _ := v.At(n); entry.Epoch != want || entry.Batch == nil {
			t.Errorf("number %d is of epoch %d: a number has one content", n, entry.Epoch)
		}
	}
	if epoch, number := fresh.HeardMost(); epoch != 1 || number != 20 {
		t.Errorf("the new origin heard of %d, %d", epoch, number)
	}
}

// A room that is no longer at home somewhere must not be heard there as silence for ever: heartbeats went on.
func TestACutRoomIsLookedForElsewhere(t *testing.T) {
	t.Parallel()
	old, fresh := NewRoom(id.Main, testRoom), NewRoom(id.Main, testRoom)
	mustAppend(t, old.Ring(audio.Voice32), 1, 20, 1)
	mustAppend(t, fresh.Ring(audio.Voice32), 21, 25, 2)
	a, b := newNode(t, func() (*Room, error) { return old, nil }), newNode(t, func() (*Room, error) { return fresh, nil })
	net := newNetwork(t, a.address)
	p, room := newPuller(t, net, PullConfig{})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	net.home.Store(&b.address)
	old.Cut()
	testkit.Eventually(t, time.Minute, func() error { return same(fresh.Ring(audio.Voice32), room.Ring(audio.Voice32)) })
	net.home.Store(&a.address)
	fresh.Cut()
	old.Serve()
	mustAppend(t, old.Ring(audio.Voice32), 26, 30, 3)
	testkit.Eventually(t, time.Minute, func() error {
		if newest := room.Ring(audio.Voice32).View().Newest(); newest != 30 {
			return fmt.Errorf("holds up to %d", newest)
		}
		return nil
	})
}
