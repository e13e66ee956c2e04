package origin

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

func TestALostWatchKeepsTheStageAndResumes(t *testing.T) {
	ann, bob, room := id.NewUser(), id.NewUser(), id.NewRoom()
	heal := make(chan struct{})
	log := &fakeLog{watch: func(n int, stream watchStream) error {
		switch n {
		case 1:
			return errors.Join(stream.Send(snapshotOf(5)), stream.Send(seatedEvent(6, ann, 1)), stream.Send(seatedEvent(7, bob, 2)))
		case 2:
			return fault.New(fault.CodeUnavailable, "away")
		default: // a machine that stood still may have left the third for a fourth
			select {
			case <-heal:
			case <-stream.Context().Done():
			}
			if err := stream.Send(unseatedEvent(8, ann, 1)); err != nil {
				return err
			}
		}
		return stay(stream)
	}}
	h := newHost(t, log, &fakeNodes{})
	_, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	watched := func() int {
		log.mu.Lock()
		defer log.mu.Unlock()
		return len(log.watched)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if n := watched(); n < 3 {
			return fmt.Errorf("watched %d times", n)
		}
		return nil
	})
	r := h.current(key{id.Main, room})
	for _, user := range []id.User{ann, bob} {
		must(t, r.seated.wait(t.Context(), user))
	}
	log.mu.Lock()
	if from := log.watched[0].GetFrom(); from != nil {
		t.Errorf("the first watch began at %v", from)
	}
	for _, again := range log.watched[1:] {
		if from := again.GetFrom(); from.GetTerm() != 1 || from.GetOffset() != 7 {
			t.Errorf("resumed from %v", from)
		}
	}
	log.mu.Unlock()
	close(heal)
	testkit.Eventually(t, time.Minute, func() error {
		rooms, err := h.Find(t.Context(), id.Main, room)
		if err != nil {
			return err
		}
		if seats := rooms.Card().GetSeats(); len(seats) != 1 || seats[0].GetUser() != string(bob) {
			return fmt.Errorf("on the card sit %v", seats)
		}
		return nil
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.seated.wait(gone, ann); !fault.Is(err, fault.CodeNotSeated) {
		t.Errorf("who left may still offer: %v", err)
	}
}

func TestAnOriginEndsWithItsRoomsLog(t *testing.T) {
	room, undo := id.NewRoom(), make(chan struct{})
	log := &fakeLog{watch: func(n int, stream watchStream) error {
		if n == 1 {
			if err := stream.Send(snapshotOf(1)); err != nil {
				return err
			}
			select {
			case <-undo:
			case <-stream.Context().Done():
			}
		}
		return fault.New(fault.CodeNotFound, "no such room has been opened")
	}}
	h := newHost(t, log, &fakeNodes{})
	_, err := h.Open(t.Context(), id.Main, room)
	must(t, err)
	close(undo)
	testkit.Eventually(t, time.Minute, func() error {
		if h.hosting() != 0 {
			return errors.New("the origin goes on without a stage")
		}
		return nil
	})
}
