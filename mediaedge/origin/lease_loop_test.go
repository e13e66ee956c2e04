package origin

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// store answers renewals as a test says.
type store struct {
	programs

	mu     sync.Mutex
	tries  int
	answer error
}

func (s *store) say(answer error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *store) RenewProgram(_ context.Context, _ *signalingv1.RenewProgramRequest, _ ...grpc.CallOption) (*signalingv1.ProgramLease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries++
	return &signalingv1.ProgramLease{}, s.answer
}

func newLease(t *testing.T, s *store) *lease {
	t.Helper()
	metrics, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &lease{programs: s, logger: slog.New(slog.DiscardHandler), metrics: metrics, request: &signalingv1.RenewProgramRequest{}}
}

func TestAnOriginThatCannotRenewGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		l := newLease(t, s)
		l.next.Store(100)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.run(ctx) }()
		synctest.Wait()
		if l.reserved.Load() != 100+ahead {
			t.Errorf("reserved %d", l.reserved.Load())
		}
		s.say(fault.Unavailable(errors.New("away"), "the registry cannot be reached"))
		l.give(100)
		<-time.After(time.Minute)
		synctest.Wait()
		if len(ended) != 0 || l.reserved.Load() != 100+ahead {
			t.Errorf("ended %d, reserved %d without a store", len(ended), l.reserved.Load())
		}
		s.say(nil)
		l.give(420)
		<-time.After(renewEvery)
		synctest.Wait()
		if l.reserved.Load() != 421+ahead {
			t.Errorf("reserved %d after the store came back", l.reserved.Load())
		}
		if s.tries < 150 || s.tries > 153 {
			t.Errorf("%d tries in a minute", s.tries)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stopped with %v", err)
		}
	})
}

func TestAnotherAppointmentEndsAnOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		l := newLease(t, s)
		ended := make(chan error, 1)
		go func() { ended <- l.run(t.Context()) }()
		synctest.Wait()
		s.say(fault.New(fault.CodeConflict, "another appointment is in force"))
		if err := <-ended; !errors.Is(err, errSuperseded) {
			t.Errorf("ended with %v", err)
		}
	})
}

// An origin that stood still asks before it gives a number: another may have been appointed, unless nobody could write.
func TestWhatIsAskedAfterStandingStill(t *testing.T) {
	s := &store{}
	l := newLease(t, s)
	for _, c := range []struct{ answer, want error }{
		{nil, nil}, {fault.Unavailable(errors.New("away"), "the registry cannot be reached"), nil},
		{fault.New(fault.CodeConflict, "another appointment is in force"), errSuperseded},
	} {
		s.say(c.answer)
		if err := l.check(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.answer, err, c.want)
		}
	}
}
