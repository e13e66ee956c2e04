package signaling

import (
	"errors"
	"testing"
	"time"
)

func TestHowFarTheRegistryIsBelieved(t *testing.T) {
	s, begin := newStanding(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	lost := errors.New("away")
	for _, step := range []struct {
		at     time.Duration
		memory time.Duration
		err    error
		want   time.Duration
	}{
		{0, 0, lost, settleTime},
		{time.Second, time.Hour, nil, settleTime},
		{2 * time.Second, time.Hour, nil, settleTime - time.Second},
		{5 * time.Second, time.Hour, nil, settleTime - 4*time.Second},
		{6 * time.Second, 0, lost, settleTime},
		{7 * time.Second, 100 * time.Millisecond, nil, registerTime - 100*time.Millisecond}, // it came back empty
		{15 * time.Second, 8*time.Second + 100*time.Millisecond, nil, registerTime - 8*time.Second - 100*time.Millisecond},
		{17 * time.Second, 10*time.Second + 100*time.Millisecond, nil, -100 * time.Millisecond},
	} {
		now := begin.Add(step.at)
		s.note(step.memory, step.err, now)
		if got := s.doubt(now); got != step.want {
			t.Errorf("after %v: %v, want %v", step.at, got, step.want)
		}
	}
}
