package origin

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// reportDesk is a stage log that takes reports, as slowly and as badly as a test says.
type reportDesk struct {
	stageLog

	mu      sync.Mutex
	takes   time.Duration
	answer  error
	open    int // calls that are not answered
	most    int
	came    int      // calls since the last look
	offsets []uint64 // taken
	media   []string // command ids taken
}

func (d *reportDesk) say(answer error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

func (d *reportDesk) call(ctx context.Context, take func()) error {
	d.mu.Lock()
	d.open++
	d.most = max(d.most, d.open)
	d.came++
	takes := d.takes
	d.mu.Unlock()
	if takes > 0 && !sleep(ctx, takes) {
		return fault.New(fault.CodeTimeout, "too slow")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
	if d.answer == nil {
		take()
	}
	return d.answer
}

func (d *reportDesk) ReportEnforced(ctx context.Context, in *listenerstatev1.ReportEnforcedRequest, _ ...grpc.CallOption) (*listenerstatev1.ReportEnforcedResponse, error) {
	offset := in.GetPosition().GetOffset()
	return &listenerstatev1.ReportEnforcedResponse{}, d.call(ctx, func() { d.offsets = append(d.offsets, offset) })
}

func (d *reportDesk) Apply(ctx context.Context, in *listenerstatev1.ApplyRequest, _ ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error) {
	return &listenerstatev1.ApplyResponse{}, d.call(ctx, func() { d.media = append(d.media, in.GetCommandId()) })
}

// taken are the offsets that were taken since the last call.
func (d *reportDesk) taken() []uint64 {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.offsets
	d.offsets = nil
	return out
}

// tries is how many calls came since the last look.
func (d *reportDesk) tries() int {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	came := d.came
	d.came = 0
	return came
}

func at(offset uint64) audio.Position { return audio.Position{Term: 1, Offset: offset} }

// enforcing runs a reporter for the length of a test.
func enforcing(t *testing.T, d *reportDesk) *enforced {
	t.Helper()
	metrics, err := newMetrics(nil)
	must(t, err)
	e := &enforced{
		log: d, logger: slog.New(slog.DiscardHandler), metrics: metrics, bell: make(chan struct{}, 1),
		request: &listenerstatev1.ReportEnforcedRequest{},
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); e.run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return e
}

func TestWhatConcernsVoicesIsReportedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{}
		e := enforcing(t, d)
		e.note(at(5), true)
		if got := d.taken(); !slices.Equal(got, []uint64{5}) {
			t.Errorf("reported %d", got)
		}
		e.note(at(5), true) // told before
		e.note(at(4), true)
		<-time.After(time.Minute)
		if got := d.taken(); len(got) != 0 {
			t.Errorf("reported %d for nothing new", got)
		}
		for offset := range uint64(100) { // in 100 ms
			e.note(at(100+offset), true)
			<-time.After(time.Millisecond)
		}
		<-time.After(enforcedEvery)
		if got := d.taken(); len(got) < 5 || len(got) > 7 || got[len(got)-1] != 199 {
			t.Errorf("%d reports in 120 ms: %d", len(got), got)
		}
	})
}

func TestAStreamOfHandsIsReportedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{}
		e := enforcing(t, d)
		offset := uint64(0)
		for range 10000 { // in 10 s
			offset++
			e.note(at(offset), false)
			<-time.After(time.Millisecond)
		}
		if got := d.taken(); len(got) < 9 || len(got) > 11 {
			t.Errorf("%d reports in 10 s", len(got))
		}
		e.note(at(offset+1), true)
		<-time.After(enforcedEvery)
		if got := d.taken(); !slices.Equal(got, []uint64{offset + 1}) {
			t.Errorf("a mute among hands is reported as %d", got)
		}
	})
}

func TestASlowStageNeverHoldsARoomUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{takes: 700 * time.Millisecond}
		e := enforcing(t, d)
		begun := time.Now()
		for offset := range uint64(1000) {
			e.note(at(1+offset), true)
		}
		if time.Since(begun) != 0 {
			t.Error("noting waited")
		}
		<-time.After(5 * time.Second)
		got := d.taken()
		if len(got) == 0 || len(got) > 2 || got[len(got)-1] != 1000 || d.most != 1 {
			t.Errorf("reported %d, %d calls at once", got, d.most)
		}
	})
}

func TestAReportIsTriedUntilItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &reportDesk{answer: fault.Unavailable(errors.New("away"), "the stage log is away")}
		e := enforcing(t, d)
		e.note(at(1), true)
		<-time.After(time.Minute)
		e.note(at(2), false)
		if tries := d.tries(); tries < 80 || tries > 320 {
			t.Errorf("%d tries in a minute", tries)
		}
		d.say(nil)
		<-time.After(time.Second)
		if got := d.taken(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("reported %d when the stage was back", got)
		}
		d.say(fault.New(fault.CodeForbidden, "not you"))
		d.tries()
		e.note(at(3), true)
		<-time.After(time.Minute)
		if tries := d.tries(); tries != 1 {
			t.Errorf("a refused report was sent %d times", tries)
		}
		d.say(nil)
		e.note(at(4), true)
		<-time.After(time.Second)
		if got := d.taken(); !slices.Equal(got, []uint64{4}) {
			t.Errorf("reported %d after a refusal", got)
		}
	})
}
