package listenerstate

import (
	"fmt"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

func nth(n int) id.User { return id.User(fmt.Sprintf("us_%020d", n)) }

func TestModeratorsAreBounded(t *testing.T) {
	stage := live()
	for n := range mostModerators {
		changes, err := try(stage, Actor{User: host}, Appoint{nth(n)})
		if err != nil {
			t.Fatal(err)
		}
		stage = toldOn(stage, changes...)
	}
	_, err := try(stage, Actor{User: host}, Appoint{stranger})
	wantFault(t, "one moderator too many", err, fault.CodeConflict)
	if changes, err := try(stage, Actor{User: host}, Appoint{nth(7)}); err != nil || len(changes) > 0 {
		t.Errorf("one of them again: %v, %v", changes, err)
	}
}

func TestRemovalsAreBounded(t *testing.T) {
	stage := live()
	for n := range mostRemoved {
		stage.Removed = append(stage.Removed, nth(n)) // as Removed does it, without copying the list each time
	}
	_, err := try(stage, Actor{User: host}, Remove{stranger})
	wantFault(t, "one too many", err, fault.CodeConflict)
	if changes, err := try(stage, Actor{User: host}, Remove{nth(7)}); err != nil || len(changes) > 0 {
		t.Errorf("one of them again: %v, %v", changes, err)
	}
	changes, err := try(stage, Actor{User: host}, Readmit{nth(7)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := try(toldOn(stage, changes...), Actor{User: host}, Remove{stranger}); err != nil {
		t.Errorf("after one was readmitted: %v", err)
	}
}

func TestHandsAreBounded(t *testing.T) {
	stage := live()
	for n := range mostHands {
		stage = toldOn(stage, HandRaised{User: nth(n)})
	}
	_, err := try(stage, Actor{User: stranger}, RaiseHand{})
	wantFault(t, "one hand too many", err, fault.CodeQueueFull)
	if changes, err := try(stage, Actor{User: nth(7)}, RaiseHand{}); err != nil || len(changes) > 0 {
		t.Errorf("one of them again: %v, %v", changes, err)
	}
	if _, err := try(toldOn(stage, HandLowered{nth(7), LoweredBySelf}), Actor{User: stranger}, RaiseHand{}); err != nil {
		t.Errorf("after one went down: %v", err)
	}
}

func TestAcquaintancesAreForgottenOldestFirst(t *testing.T) {
	stage := toldOn(live(), HandModeSet{HandsInvited})
	meet := func(user id.User) {
		stage = toldOn(stage, Invited{User: user, ExpiresAt: noon.Add(time.Minute)}, InviteClosed{user, InviteDeclined})
	}
	for n := range mostAcquaintances {
		meet(nth(n))
	}
	if n := len(stage.Acquaintances); n != mostAcquaintances {
		t.Fatalf("%d are remembered", n)
	}
	meet(nth(0)) // met again: now nth(1) is the one who was met longest ago
	meet(stranger)
	for user, want := range map[id.User]fault.Code{nth(0): "", nth(1): fault.CodeHandsClosed, nth(2): "", stranger: ""} {
		if _, err := try(stage, Actor{User: user}, RaiseHand{}); codeOf(err) != want {
			t.Errorf("a hand of %s: %v, want %q", user, err, want)
		}
	}
}

func TestSeatsAreBounded(t *testing.T) {
	stage := told(opened(func(c *RoomOpened) { c.MaxSeats, c.OpenStage = MostSeats, true }))
	for n := range MostSeats {
		changes, err := try(stage, Actor{User: nth(n)}, TakeSeat{})
		if err != nil {
			t.Fatal(err)
		}
		stage = toldOn(stage, changes...)
	}
	_, err := try(stage, Actor{User: host}, TakeSeat{})
	wantFault(t, "seat 101", err, fault.CodeStageFull)
}

// TestALargestSnapshotIsRead says how much the largest stage takes.
func TestALargestSnapshotIsRead(t *testing.T) {
	stage := told(opened(func(c *RoomOpened) { c.MaxSeats = MostSeats }))
	named := func(user id.User, field string, length int) Name {
		return Name{Sealed: Sealed{User: user, Command: "ik_0123456789012345678901234567890123456789", Field: field, Nonce: noNonce, Ciphertext: make([]byte, length+16)}}
	}
	hands := mostHands
	if testing.Short() {
		hands = 1000
	}
	for n := range hands {
		stage = toldOn(stage, HandRaised{User: nth(n), Name: named(nth(n), fieldName, 20), Note: named(nth(n), fieldNote, 60)})
	}
	for n := range mostRemoved {
		stage.Removed = append(stage.Removed, nth(100_000+n))
	}
	head := chain.Head{Position: stage.Position}
	start := time.Now()
	encoded, err := encodeSnapshot(someRoom, stage, head)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	again, _, err := decodeSnapshot(someRoom, encoded)
	if err != nil || again.Hands.Len() != hands || len(again.Removed) != mostRemoved {
		t.Fatalf("%d hands, %d removed, %v", again.Hands.Len(), len(again.Removed), err)
	}
	t.Logf("%d hands and %d removed people: %d KiB, written in %v", hands, mostRemoved, len(encoded)>>10, took.Round(time.Millisecond))
}
