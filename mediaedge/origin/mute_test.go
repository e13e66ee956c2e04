package origin

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// talking is a hall in which ann listens and bob, in seat 2, goes on sending.
func talking(t testing.TB) (*hall, *voice, id.User) {
	t.Helper()
	a, v := newHall(t), &voice{}
	ann, bob := a.seat("ann", 1), a.seat("bob", 2)
	a.join(ann, 1, v.hear)
	v.talk(t, a.join(bob, 0, nil))
	return a, v, bob
}

// more waits until some packets more were heard.
func (v *voice) more(t testing.TB) {
	t.Helper()
	before := v.count()
	testkit.Eventually(t, time.Minute, func() error {
		if n := v.count(); n < before+10 {
			return fmt.Errorf("%d packets heard", n-before)
		}
		return nil
	})
}

func TestNothingIsForwardedThatWasSentAfterTheReport(t *testing.T) {
	a, v, bob := talking(t)
	held := func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Held{Held: &listenerstatev1.Held{User: string(bob), Seat: 2}}
	}
	released := func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Released{Released: &listenerstatev1.Released{User: string(bob), Seat: 2}}
	}
	unseated := func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Unseated{Unseated: &listenerstatev1.Unseated{User: string(bob), Seat: 2}}
	}
	quiet := func(what string, offset uint64) {
		t.Helper()
		at := a.reported(offset)
		<-time.After(200 * time.Millisecond) // 40 packets of a client that goes on sending
		if _, sent := v.last(); sent.After(at) {
			t.Errorf("%s: a packet sent %v after the report was heard", what, sent.Sub(at))
		}
	}
	v.more(t)
	quiet("muted", a.mute(bob, 2, true))
	a.mute(bob, 2, false)
	v.more(t)
	quiet("held", a.happen(held))
	quiet("released, which leaves it muted", a.happen(released))
	a.mute(bob, 2, false)
	v.more(t)
	quiet("unseated", a.happen(unseated))
}

func TestOnlyTheEpochsOriginReports(t *testing.T) {
	a := newHall(t)
	a.reported(1)
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	if first := a.log.enforced[0]; first.epoch != 1 || first.position.Term != 1 || first.position.Offset != 1 {
		t.Errorf("the first report is %+v", first)
	}
}

// TestWhoIsSeatedAgainIsHeardAgain also has the offer come before the watch brings the seat.
func TestWhoIsSeatedAgainIsHeardAgain(t *testing.T) {
	a, v, bob := talking(t)
	v.more(t)
	a.happen(func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Unseated{Unseated: &listenerstatev1.Unseated{User: string(bob), Seat: 2}}
	})
	offset := a.happen(func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Muted{Muted: &listenerstatev1.Muted{User: "nobody", Seat: 2}}
	})
	a.reported(offset)
	seated := make(chan struct{})
	go func() {
		defer close(seated)
		<-time.After(100 * time.Millisecond)
		a.happen(func(e *listenerstatev1.Event) {
			e.Payload = &listenerstatev1.Event_Seated{Seated: &listenerstatev1.Seated{
				User: string(bob), Seat: 3, Role: listenv1.Role_ROLE_SPEAKER,
			}}
		})
	}()
	again := &voice{}
	ann := a.join(a.seat("cem", 4), 2, again.hear)
	again.talk(t, a.join(bob, 0, nil))
	<-seated
	again.more(t)
	select {
	case <-ann.Done():
		t.Error("somebody else's session ended")
	default:
	}
}

// BenchmarkMute is the time from a mute in the log to the last packet forwarded, and to the report's arrival.
func BenchmarkMute(b *testing.B) {
	a, v, bob := talking(b)
	var forwarded, reported []time.Duration
	b.ResetTimer()
	for range b.N {
		v.more(b)
		begun := time.Now()
		offset := a.mute(bob, 2, true)
		reported = append(reported, a.reported(offset).Sub(begun))
		<-time.After(30 * time.Millisecond)
		heard, _ := v.last()
		forwarded = append(forwarded, max(0, heard.Sub(begun)))
		a.reported(a.mute(bob, 2, false))
	}
	b.StopTimer()
	quantile := func(times []time.Duration, q float64) float64 {
		slices.Sort(times)
		return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(quantile(forwarded, 0.5), "p50-forwarded-ms")
	b.ReportMetric(quantile(forwarded, 0.99), "p99-forwarded-ms")
	b.ReportMetric(quantile(reported, 0.5), "p50-reported-ms")
	b.ReportMetric(quantile(reported, 0.99), "p99-reported-ms")
}
