package origin

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func (a *hall) wantSaid(want ...string) {
	a.t.Helper()
	testkit.Eventually(a.t, time.Minute, func() error {
		if said := a.said(); !slices.Equal(said, want) {
			return fmt.Errorf("said %q, want %q", said, want)
		}
		return nil
	})
}

func TestTheStageHearsOfMicrophones(t *testing.T) {
	a := newHall(t)
	ann := a.seat("ann", 1)
	p := a.join(ann, 0, nil)
	a.wantSaid("ann ann's found")
	must(t, p.Close(t.Context())) // DELETE
	a.wantSaid("ann ann's found", "ann ann's lost")
	a.join(ann, 0, nil)
	a.wantSaid("ann ann's found", "ann ann's lost", "ann ann's found")
	a.join(ann, 0, nil) // takes the place of the one before: that is no loss
	a.wantSaid("ann ann's found", "ann ann's lost", "ann ann's found", "ann ann's found")
	a.log.mu.Lock()
	defer a.log.mu.Unlock()
	ids := map[string]bool{}
	for _, in := range a.log.media {
		ids[in.GetCommandId()] = true
	}
	if len(ids) != 4 {
		t.Errorf("%d command ids for 4 reports", len(ids))
	}
}

func TestWhoseSessionEndedWithAnotherOriginIsLost(t *testing.T) {
	seat := func(seat uint32, user id.User, away bool) *listenv1.Seat {
		return &listenv1.Seat{Seat: seat, User: string(user), Role: listenv1.Role_ROLE_SPEAKER, Away: away}
	}
	ann, bob, cem := id.NewUser(), id.NewUser(), id.NewUser()
	a := newHall(t, seat(1, ann, false), seat(2, bob, true), seat(3, cem, false))
	a.mu.Lock()
	for user, name := range map[id.User]string{ann: "ann", bob: "bob", cem: "cem"} {
		a.names[string(user)] = name
	}
	a.mu.Unlock()
	a.seat("dee", 4) // since: the stage waits for her by itself
	a.join(cem, 0, nil)
	a.wantSaid("cem cem's found", "ann ? found", "ann ? lost")
	a.join(ann, 0, nil)
	a.wantSaid("cem cem's found", "ann ? found", "ann ? lost", "ann ann's found")
}
