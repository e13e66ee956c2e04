package signaling

import (
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

var (
	boardKey = RoomKey{id.Main, "rm_1"}
	homeA    = Program{Epoch: 5, Held: true, Node: Node{ID: "a", Address: "a:1"}}
)

func TestWhatAReviewDoes(t *testing.T) {
	known := finding{home: homeA.home(boardKey)}
	moved, lost, anew, nameless := homeA, homeA, homeA, homeA
	moved.Node = Node{ID: "b", Address: "b:1"}
	lost.Held = false
	anew.Epoch++
	nameless.Node.Address = ""
	missing := func(code fault.Code) finding { return finding{home: Home{RoomKey: boardKey}, missing: code} }
	for name, c := range map[string]struct {
		finding finding
		program Program
		since   time.Duration
		want    step
	}{
		"nothing new":              {known, homeA, time.Hour, stay},
		"another node":             {known, moved, 0, tell},
		"another epoch":            {known, anew, 0, tell},
		"a node not yet announced": {known, nameless, 0, stay},
		"the lease ran out":        {known, lost, 0, place},
		"not live":                 {missing(fault.CodeNotLive), lost, time.Hour, stay},
		"live at last":             {missing(fault.CodeNotLive), homeA, 0, tell},
		"no node, just tried":      {missing(fault.CodeUnavailable), lost, 0, stay},
		"no node, a while ago":     {missing(fault.CodeUnavailable), lost, retryLookup, place},
	} {
		if got := c.finding.next(c.program, c.since); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestBoardTellsItsReaders(t *testing.T) {
	b, one, two, now := newBoard(), newMailbox(), newMailbox(), time.Now()
	if must, err := b.read(boardKey, one); !must || err != nil {
		t.Fatal("the first reader does not place", err)
	}
	if must, err := b.read(boardKey, two); must || err != nil {
		t.Fatal("the second reader places too", err)
	}
	if b.review(boardKey, homeA, now) || len(one.take()) != 0 {
		t.Error("a room that is being placed was reviewed")
	}
	b.post(boardKey, finding{home: homeA.home(boardKey)}, now)
	for _, m := range []*mailbox{one, two} {
		if got := m.take(); len(got) != 1 || got[0].home.Node != "a" {
			t.Errorf("told %+v", got)
		}
	}
	b.leave(two)
	next := homeA
	next.Epoch++
	b.review(boardKey, next, now)
	if got := one.take(); len(got) != 1 || got[0].home.Epoch != next.Epoch {
		t.Errorf("told %+v", got)
	}
	if got := two.take(); len(got) != 0 {
		t.Errorf("told one that left: %+v", got)
	}
	b.leave(one)
	if len(b.keys()) != 0 {
		t.Errorf("rooms that nobody reads: %v", b.keys())
	}
}

func TestAnEndedRoomLeavesTheBoard(t *testing.T) {
	b, m := newBoard(), newMailbox()
	if _, err := b.read(boardKey, m); err != nil {
		t.Fatal(err)
	}
	b.post(boardKey, find(boardKey, Home{}, fault.New(fault.CodeEnded, "over")), time.Now())
	if got := m.take(); len(got) != 1 || got[0].missing != fault.CodeEnded {
		t.Errorf("told %+v", got)
	}
	if len(b.keys()) != 0 || len(m.lookups()) != 0 {
		t.Errorf("left over: %v, %v", b.keys(), m.lookups())
	}
}

func TestLookupsAreBounded(t *testing.T) {
	b, m := newBoard(), newMailbox()
	for range maxLookups {
		if _, err := b.read(RoomKey{id.Main, id.NewRoom()}, m); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.read(boardKey, m); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("one more: %v", err)
	}
	if len(b.keys()) != maxLookups {
		t.Errorf("%d rooms on the board", len(b.keys()))
	}
}

func TestTheNewerStreamSpeaksForAnEdge(t *testing.T) {
	r := newRoster()
	r.learn([]Edge{{ID: "e", URL: "known"}, {ID: "f"}})
	r.join("1", Edge{ID: "e", URL: "first"})
	r.join("2", Edge{ID: "e", URL: "second"})
	r.report("1", "e", Load{Listeners: 1})
	r.leave("1", "e")
	if all := r.all(); len(all) != 2 || len(r.links()) != 1 || r.links()[0].edge != (Edge{ID: "e", URL: "second"}) {
		t.Errorf("edges %+v", all)
	}
	r.leave("2", "e")
	if all := r.all(); len(all) != 1 || all[0].ID != "f" {
		t.Errorf("after the edge left: %+v", all)
	}
}
