package stage

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
)

const done = `{"type":"answer","id":"%s","position":{"term":1,"offset":7},"place":3}`

func TestACommandOutlivesItsConnection(t *testing.T) {
	g := newGateway(t,
		script{messages: []string{hello, snapshot(1, 1)}, answers: []string{"cut"}},
		script{messages: []string{resumed}, answers: []string{`{"type":"answer","id":"another"}`, done}, code: 1001}, // never reads it
		script{messages: []string{resumed}, answers: []string{done}},
	)
	f := g.follow(nil)
	answer, err := f.Do(within(t), Command{ID: "k1", Do: DoRaise, Note: "tides"})
	if err != nil || answer != (Answer{at(1, 7), 3}) {
		t.Fatalf("%+v, %v", answer, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	const want = `{"type":"command","id":"k1","do":"raise","note":"tides"}`
	for _, heard := range g.heard {
		if heard != want {
			t.Errorf("heard %s", heard)
		}
	}
	if n := len(g.heard); n < 2 || n > 3 {
		t.Errorf("heard it %d times", n)
	}
}

func TestARefusalIsAnError(t *testing.T) {
	g := newGateway(t, script{messages: []string{hello, snapshot(1, 1)}, answers: []string{
		`{"type":"answer","id":"%s","error":{"code":"stage_full","message":"every seat is taken","retry_after_ms":1500,"details":{"seats":"3"}}}`,
	}})
	_, err := g.follow(nil).Do(within(t), Command{Do: DoInvite, User: noor, ExpiresIn: time.Minute})
	if api.CodeOf(err) != "stage_full" || !strings.HasPrefix(err.Error(), "invite: ") {
		t.Errorf("%v", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !strings.Contains(g.heard[0], `"user":"`+noor+`","expires_in":60`) {
		t.Error(g.heard)
	}
}

func TestCommandsThatCannotBeSent(t *testing.T) {
	f := newGateway(t, script{messages: []string{hello, snapshot(1, 1)}}).follow(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, c := range map[string]Command{
		"empty": {}, "long": {Do: DoRaise, Note: strings.Repeat("x", 5000)}, "never answered": {Do: DoMute},
	} {
		if _, err := f.Do(ctx, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pending) != 0 || len(f.slots) != 0 {
		t.Errorf("%d wait, %d slots", len(f.pending), len(f.slots))
	}
}

// At most 16 commands wait, and no more are sent at once than a gateway takes.
func TestCommandsAreBounded(t *testing.T) {
	answers := make([]string, 60)
	for i := range answers {
		answers[i] = done
	}
	g := newGateway(t, script{messages: []string{hello, snapshot(1, 1)}, answers: answers})
	f := g.follow(nil)
	var all sync.WaitGroup
	begun := time.Now()
	for i := range 48 {
		all.Go(func() {
			if _, err := f.Do(within(t), Command{ID: fmt.Sprint(i), Do: DoMute}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(begun); took < 900*time.Millisecond {
		t.Errorf("48 commands took %v: more than %d and %d a second", took, paceBurst, pacePerSec)
	}
}
