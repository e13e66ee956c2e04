package origin

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

func TestTheListeningOfWhoIsRemovedEnds(t *testing.T) {
	a, cem := newHall(t), id.NewUser()
	audience, err := a.host.Find(t.Context(), id.Main, a.room)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	a.happen(func(e *listenerstatev1.Event) {
		e.Payload = &listenerstatev1.Event_Removed{Removed: &listenerstatev1.Removed{User: string(cem)}}
	})
	testkit.Eventually(t, time.Minute, func() error {
		if !audience.Revoked(string(cem), before) {
			return fmt.Errorf("a grant from before is still good")
		}
		return nil
	})
	if audience.Revoked(string(cem), time.Now().Add(2*time.Second)) || audience.Revoked(string(id.NewUser()), before) {
		t.Error("another grant was ended too")
	}
}

// TestARemovalThatIsToldLateEndsNoLaterGrant: who was removed and readmitted while the watch was away listens with the grant
// that followed, and never with one from before, also of the same second.
func TestARemovalThatIsToldLateEndsNoLaterGrant(t *testing.T) {
	a, cem := newHall(t), id.NewUser()
	audience, err := a.host.Find(t.Context(), id.Main, a.room)
	if err != nil {
		t.Fatal(err)
	}
	removed := time.Now().Add(-time.Minute).Truncate(time.Second).Add(700 * time.Millisecond)
	a.happen(func(e *listenerstatev1.Event) {
		e.WallTime = timestamppb.New(removed)
		e.Payload = &listenerstatev1.Event_Removed{Removed: &listenerstatev1.Removed{User: string(cem)}}
	})
	a.happen(func(e *listenerstatev1.Event) {
		e.WallTime = timestamppb.New(removed.Add(2 * time.Second))
		e.Payload = &listenerstatev1.Event_Readmitted{Readmitted: &listenerstatev1.Readmitted{User: string(cem)}}
	})
	testkit.Eventually(t, 10*time.Second, func() error {
		if !audience.Revoked(string(cem), removed.Truncate(time.Second)) {
			return fmt.Errorf("a grant of the second of the removal is still good")
		}
		return nil
	})
	if audience.Revoked(string(cem), removed.Truncate(time.Second).Add(time.Second)) {
		t.Error("a grant of the second after the removal was ended too")
	}
}
