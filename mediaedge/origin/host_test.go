package origin

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

func liveRoom(_ int, stream watchStream) error {
	if err := stream.Send(snapshotOf(1)); err != nil {
		return err
	}
	return stay(stream)
}

func TestRoomsThatAreNotLiveLeaveNothingBehind(t *testing.T) {
	nodes := &fakeNodes{}
	h := newHost(t, &fakeLog{watch: func(int, watchStream) error {
		return fault.New(fault.CodeNotFound, "no such room has been opened")
	}}, nodes)
	for range 50 {
		if _, err := h.Open(t.Context(), id.Main, id.NewRoom()); fault.From(err).Code != fault.CodeNotFound {
			t.Fatalf("opened a room that is not there: %v", err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rooms) != 0 || nodes.acquired != 50 || nodes.released != 50 {
		t.Errorf("%d rooms are kept; %d programs acquired, %d released", len(h.rooms), nodes.acquired, nodes.released)
	}
}

func TestAnotherAppointmentSendsTheAudienceElsewhere(t *testing.T) {
	nodes, room := &fakeNodes{}, id.NewRoom()
	h := newHost(t, &fakeLog{watch: liveRoom}, nodes)
	first, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	rings, err := h.Find(t.Context(), id.Main, room)
	must(t, err)
	nodes.sayOfRenewals(fault.New(fault.CodeConflict, "another appointment is in force"))
	testkit.Eventually(t, time.Minute, func() error {
		if _, err := h.Find(t.Context(), id.Main, room); !fault.Is(err, fault.CodeUnavailable) {
			return fmt.Errorf("the room is still found: %w", errors.Join(err, errors.New("superseded")))
		}
		return nil
	})
	nodes.sayOfRenewals(nil)
	held := rings.Ring(audio.Voice32).View().Newest()
	second, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	if second <= first {
		t.Errorf("epoch %d after %d", second, first)
	}
	again, err := h.Find(t.Context(), id.Main, room)
	if err != nil || again != rings {
		t.Errorf("the rings did not stay: %v", err)
	}
	if r := h.current(key{id.Main, room}); r.first <= held {
		t.Errorf("epoch %d begins at %d, %d was given", second, r.first, held)
	}
}

func TestAnOriginBehindItsEdgesBeginsAnew(t *testing.T) {
	nodes, room := &fakeNodes{}, id.NewRoom()
	h := newHost(t, &fakeLog{watch: liveRoom}, nodes)
	first, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	rings, err := h.Find(t.Context(), id.Main, room)
	must(t, err)
	rings.Heard(first+7, 5000, time.Now())
	rings.Heard(1<<60, 1<<60, time.Now()) // garbage
	testkit.Eventually(t, time.Minute, func() error {
		r := h.current(key{id.Main, room})
		if r == nil || r.epoch == first {
			return errors.New("the first epoch goes on")
		}
		if r.epoch <= first+7 || r.first <= 5000 || r.first > 6000 {
			return fmt.Errorf("epoch %d begins at %d", r.epoch, r.first)
		}
		return nil
	})
}
