package room

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rostrum/client/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func (g *gateway) tells(code int, reason string, messages ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.messages = append([]string{`{"type":"hello","version":1,"user":"` + ada + `","resumed":false}`, snapshot}, messages...)
	g.code, g.reason = code, reason
}

const raised = `{"type":"event","position":{"term":1,"offset":5},"at":"2026-03-01T12:00:00Z","by":"` + noor +
	`","event":"hand_raised","user":"` + noor + `","name":"Noor","note":"tides","order":5,"raised_at":"2026-03-01T12:00:00Z"}`

func TestWatchWithoutATerminal(t *testing.T) {
	g := newGateway(t)
	g.tells(4410, "ended: the room is over", raised, `{"type":"place","place":2,"of":9}`, `{"type":"enforced","position":{"term":1,"offset":5}}`)
	out, _, _, err := g.says("watch", roomID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1-4  Tides: live, 3 on stage, 2 hands up, hands open\n", "1-5  Noor raised a hand: “tides”\n", "you are 2nd of 9\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("says %q, want %q", out, want)
		}
	}
	out, _, _, err = g.says("--json", "watch", roomID)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for line := range strings.Lines(out) {
		var one struct{ Type, Title, Event string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		types = append(types, one.Type+one.Title+one.Event)
	}
	if got := strings.Join(types, " "); got != "snapshotTides eventhand_raised place enforced" {
		t.Error(got)
	}
}

func TestWatchTellsWhyItEnds(t *testing.T) {
	g := newGateway(t)
	for reason, want := range map[string]string{"removed: you are kept out": "rostrum room readmit", "not_found: there is no such room": "rostrum room list"} {
		g.tells(4403, reason)
		if _, _, _, err := g.says("watch", roomID); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// noted is a show that keeps what it is brought.
type noted struct{ items, notes []string }

func (n *noted) item(item stage.Item) error {
	switch {
	case item.Snapshot != nil:
		n.items = append(n.items, "snapshot")
	case item.Event != nil:
		n.items = append(n.items, string(item.Event.Kind))
	}
	return nil
}

func (n *noted) tick(now func() stage.Stage, note string) error {
	if len(n.notes) == 0 || n.notes[len(n.notes)-1] != note {
		n.notes = append(n.notes, note)
	}
	now()
	return nil
}

// Who has no part in a stage is shown it all the same, and what follows once there is one.
func TestWatchOfAStranger(t *testing.T) {
	g := newGateway(t)
	g.tells(4408, "idle: nothing concerns you here")
	g.stages = []string{unmoderated, unmoderated, strings.Replace(unmoderated, `"place":0`, `"place":1`, 1)}
	v := Verbs{URL: g.url, Err: io.Discard}
	client, err := v.me()
	if err != nil {
		t.Fatal(err)
	}
	n := &noted{}
	w := &watcher{url: g.url, room: roomID, client: client, show: n, lookEvery: time.Millisecond}
	if err := w.follow(t.Context()); stage.FaultOf(err) != "idle" {
		t.Fatal(err)
	}
	if err := w.look(t.Context()); err != nil || len(n.notes) == 0 || !strings.Contains(n.notes[len(n.notes)-1], "you have no part") {
		t.Errorf("%v, %v", n.notes, err)
	}
	g.tells(4410, "ended: the room is over", raised)
	if err := w.run(t.Context()); stage.FaultOf(err) != "ended" || strings.Join(n.items, " ") != "snapshot snapshot hand_raised" {
		t.Errorf("%v, %v", n.items, err)
	}
}

func TestWatchOfAStrangerEndsWithTheRoom(t *testing.T) {
	g := newGateway(t)
	g.stages = []string{unmoderated, strings.Replace(unmoderated, `"state":"live"`, `"state":"ended"`, 1)}
	v := Verbs{URL: g.url, Err: io.Discard}
	client, err := v.me()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := &watcher{url: g.url, room: roomID, client: client, show: &noted{}, lookEvery: time.Millisecond}
	if err := w.look(ctx); err != nil {
		t.Error(err)
	}
}

func TestWatchWaitsForTheStart(t *testing.T) {
	g := newGateway(t)
	g.tells(4409, "not_live: the room has not been started")
	v := Verbs{URL: g.url, Err: io.Discard}
	client, err := v.me()
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{url: g.url, room: roomID, client: client, show: &noted{}, lookEvery: time.Millisecond}
	if err := w.wait(t.Context()); err != nil { // the room is live
		t.Error(err)
	}
}
