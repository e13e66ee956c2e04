package origin

import (
	"fmt"
	"testing"
	"time"

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
	testkit.Eventually(t, 10*time.Second, func() error {
		if !audience.Revoked(string(cem), before) {
			return fmt.Errorf("a grant from before is still good")
		}
		return nil
	})
	if audience.Revoked(string(cem), time.Now().Add(2*time.Second)) || audience.Revoked(string(id.NewUser()), before) {
		t.Error("another grant was ended too")
	}
}
