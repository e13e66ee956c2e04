package test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/secrets"
	"rostrum/internal/testkit"
)

// TestKeysAreRotatedUnderPeople rotates the keys of a running system, with people signed in and listening at both edges. Nobody
// notices. Rotated once more, the first keys are believed nowhere: whom they let in is sent away and comes back with another
// grant.
func TestKeysAreRotatedUnderPeople(t *testing.T) {
	t.Parallel()
	a := startApart(t)
	host := a.person(t, "Host")
	room := a.liveRoom(t, host, api.CreateRoom{Title: "Keys"})
	early := a.person(t, "Early")
	held, err := early.Join(bounded(t), room.ID, api.Join{Role: "listener"})
	must(t, err)
	var ears []*recording
	for _, edge := range held.Edges {
		ears = append(ears, record(t, at(edge.URL, room.ID, held.Grant)))
	}
	for _, ear := range ears {
		ear.more(t, 3)
	}
	first := keyOf(t, held.Grant)

	said, err := exec.CommandContext(bounded(t), rostrum(t), "setup", "keys", a.file("keys.json"), "--rotate").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	rotated := time.Now()
	second := a.signedBy(early, room.ID, first)
	took := time.Since(rotated)
	a.checkLetIn(a.person(t, "Late"), room.ID) // an access token and a grant of the new keys
	_, err = early.RaiseHand(bounded(t), room.ID, "")
	must(t, err) // an access token of before
	for i, ear := range ears {
		ear.until(t, time.Now())
		if s := ear.listener.Stats(); s.Lost > 0 || ear.moves() > 0 {
			t.Errorf("listener %d noticed the rotation: %+v", i, s)
		}
	}
	for _, name := range []string{"edge-1", "edge-2"} {
		if n := metric(t, a.process(name).Operator, "rostrum_edge_closes_total", `reason="expired"`); n > 0 {
			t.Errorf("%s sent %v listeners away", name, n)
		}
	}

	if _, err := secrets.Rotate(a.file("keys.json"), time.Now().Add(49*time.Hour)); err != nil {
		t.Fatal(err)
	}
	again := time.Now()
	var ended time.Duration
	for i, ear := range ears {
		after, why := ear.closed(t, again)
		if ended = max(ended, after); codeOf(why) != "4401 expired" {
			t.Errorf("listener %d ended with %v", i, why)
		}
	}
	late := a.person(t, "Later")
	third := a.signedBy(late, room.ID, second)
	a.checkLetIn(late, room.ID)
	if third == first {
		t.Error("the first key is used again")
	}
	report(t, "keys rotated", map[string]any{"used_after_ms": took.Milliseconds(), "ended_after_ms": ended.Milliseconds()})
	a.checkNothingPanicked()
}

// keyOf answers the id of the key that a grant is signed with.
func keyOf(t *testing.T, grant string) string {
	t.Helper()
	head, _, _ := strings.Cut(grant, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	must(t, err)
	var header struct{ Kid string }
	must(t, json.Unmarshal(text, &header))
	return header.Kid
}

// signedBy waits until grants are signed with another key, and answers which.
func (a *apart) signedBy(person *api.Client, room, before string) (key string) {
	a.t.Helper()
	testkit.Eventually(a.t, patience, func() error {
		joined, err := person.Join(bounded(a.t), room, api.Join{Role: "listener"})
		if err != nil {
			return err
		}
		if key = keyOf(a.t, joined.Grant); key == before {
			return fmt.Errorf("grants are still signed with %s", key)
		}
		return nil
	})
	return key
}

// checkLetIn wants a person to hear at every edge at once.
func (a *apart) checkLetIn(person *api.Client, room string) {
	a.t.Helper()
	joined, err := person.Join(bounded(a.t), room, api.Join{Role: "listener"})
	must(a.t, err)
	for _, edge := range slices.Backward(joined.Edges) {
		l, err := listener.Open(bounded(a.t), at(edge.URL, room, joined.Grant))
		if err != nil {
			a.t.Errorf("at %s: %v", edge.Node, err)
			continue
		}
		l.Close()
	}
}
