package origin

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/client/speaker"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func TestALostWatchSilencesWhoJoinedSince(t *testing.T) {
	a, v, _ := talking(t)
	late := &voice{}
	cem := a.seat("cem", 3)
	a.join(a.seat("dee", 4), 3, func(p speaker.Packet) {
		if p.Seat == 3 {
			late.hear(p)
		}
	})
	v.more(t)
	a.items <- nil
	testkit.Eventually(t, time.Minute, func() error {
		a.log.mu.Lock()
		defer a.log.mu.Unlock()
		if len(a.log.watched) < 2 {
			return errors.New("the watch goes on")
		}
		return nil
	})
	late.talk(t, a.join(cem, 0, nil))
	late.more(t)
	testkit.Eventually(t, time.Minute, func() error {
		before := late.count()
		<-time.After(100 * time.Millisecond)
		if n := late.count() - before; n > 0 {
			return fmt.Errorf("%d packets of who joined since", n)
		}
		return nil
	})
	v.more(t) // who was heard before is heard on
	a.heal <- struct{}{}
	a.items <- &listenerstatev1.WatchResponse{Item: &listenerstatev1.WatchResponse_Still{Still: &listenv1.Position{Term: 1, Offset: a.offset}}}
	late.more(t)
	v.more(t)
}
