package test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
)

// failsWithin bounds how long a call may take that cannot be done now; the gateway gives up after 5 s.
const failsWithin = 15 * time.Second

// TestALiveRoomOutlivesTheDatabase loses DynamoDB: what is live goes on, with commands; what needs it is refused clearly.
// What happened meanwhile comes into the archive, and is there when Redis loses everything.
func TestALiveRoomOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	a := startApart(t)
	h := a.lively(t)
	gone := h.ears[0].all()
	a.kill("dynalite")
	killed := time.Now()

	done(t)(h.host.Release(bounded(t), h.room, h.held.user))
	done(t)(h.host.LowerHandOf(bounded(t), h.room, h.asking[2].user))
	done(t)(h.host.Mute(bounded(t), h.room, h.host.user))
	commanded := time.Since(killed)
	h.host.stage.event(t, api.Position{}, "muted", h.host.user)
	a.refusesNewRooms(h.host.Client)
	for i, ear := range h.ears {
		ear.until(t, killed.Add(2*time.Second))
		if ear.moves() > 0 || len(ear.all()) <= len(gone) {
			t.Errorf("listener %d heard %d batches and the gaps %v", i, len(ear.all()), ear.allGaps())
		}
	}
	before, err := h.host.Stage(bounded(t), h.room)
	must(t, err)

	a.restart("dynalite")
	back := time.Now()
	testkit.Eventually(t, patience, func() error {
		_, err := h.host.CreateRoom(bounded(t), api.CreateRoom{Title: "Afterwards"})
		return err
	})
	created := time.Since(back)
	a.archived()
	a.kill("redis", "listenerstate") // nothing is left but the archive
	a.forgetRedis()
	a.restart("redis", "listenerstate")
	h.commandsWork(t)
	after, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	if was, is := still(t, before), still(t, after); was != is {
		t.Errorf("the stage was\n%s\nand is\n%s", was, is)
	}
	for i, ear := range h.ears {
		ear.until(t, time.Now())
		if ear.moves() > 0 {
			t.Errorf("listener %d was told the gaps %v", i, ear.allGaps())
		}
	}
	a.checkNothingPanicked()
	report(t, "database lost", map[string]any{"three_commands_ms": commanded.Milliseconds(), "rooms_created_again_s": seconds(created)})
}

// refusesNewRooms wants creating a room to be refused, soon, as something that may pass.
func (a *apart) refusesNewRooms(host *api.Client) {
	a.t.Helper()
	once := api.New(a.url, api.WithTokens(host.Tokens()), api.WithTimeout(failsWithin))
	begun := time.Now()
	_, err := once.CreateRoom(bounded(a.t), api.CreateRoom{Title: "Meanwhile"})
	took := time.Since(begun)
	var refused *api.Error
	if !errors.As(err, &refused) || !api.MayPass(err) || refused.Code == "internal" || refused.RequestID == "" {
		a.t.Errorf("creating a room without a database: %v", err)
	}
	if took > 4*failsWithin { // it is repeated up to four times
		a.t.Errorf("it was refused after %v", took)
	}
	report(a.t, "a new room without a database", map[string]any{"code": api.CodeOf(err), "seconds": seconds(took)})
}

// archived waits until the archive has every event.
func (a *apart) archived() {
	a.t.Helper()
	operator := a.process("listenerstate").Operator
	testkit.Eventually(a.t, patience, func() error {
		waiting := metric(a.t, operator, "rostrum_stagearchive_unarchived_events") + metric(a.t, operator, "rostrum_listenerstate_unarchived_events")
		if waiting > 0 {
			return fmt.Errorf("the archive lacks %v events", waiting)
		}
		return nil
	})
}
