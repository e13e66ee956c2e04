package relay

import (
	"testing"
	"time"

	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	relayv1 "rostrum/proto/rostrum/relay/v1"
)

func TestCountsAreMergedByNode(t *testing.T) {
	room, now := NewRoom(id.Main, testRoom), time.Unix(1000, 0)
	say := func(node string, boot, sequence, listeners uint64) error {
		return room.Report(&relayv1.CountReport{
			Node: node, BootId: boot, Sequence: sequence, ValidMs: 4000, Counts: &listenv1.Counts{Listeners: listeners},
		}, now)
	}
	for _, err := range []error{say("a", 1, 1, 10), say("b", 1, 1, 5), say("a", 1, 3, 20), say("a", 1, 2, 99), say("b", 2, 1, 7), say("b", 1, 9, 99)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if say("B!", 1, 1, 1) == nil || say("c", 1, 1, 1<<50) == nil {
		t.Error("a report that cannot be meant was taken")
	}
	if n := room.Counts(now).GetListeners(); n != 27 {
		t.Errorf("%d listeners, want 27", n)
	}
	if n := room.Counts(now.Add(4 * time.Second)).GetListeners(); n != 0 {
		t.Errorf("%d listeners after the reports have lapsed", n)
	}
}
