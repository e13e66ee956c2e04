package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/testkit"
	processes "rostrum/test/cluster"
)

// rehomed is what rehomed.mjs saw after the home was lost. Times are ms since then.
type rehomed struct {
	AdaHeard  float64             `json:"ada_heard"` // live, by Ben
	BenHeard  float64             `json:"ben_heard"` // live, by Ada, since he unmuted later
	BenMuted  bool                `json:"ben_muted"` // still, when both were on stage again
	BenLoud   bool                `json:"ben_loud"`  // was heard in spite of it
	States    map[string][]string `json:"states"`    // of each page's status line, since then
	Back      map[string]float64  `json:"back"`      // when a page was on stage again
	Sockets   int                 `json:"sockets"`   // that the audience's page opened to an edge
	Announced []string            `json:"announced"` // told as a fault in the audience's page
	Stats     stats               `json:"stats"`     // of the audience's page
	Home      string              `json:"home"`      // the node of the newest session
	Sessions  int                 `json:"sessions"`  // that were made since then
	Faults    []string            `json:"faults"`
}

// TestChromiumIsRehomed ends and stops the SFU on which two browsers speak to each other. They connect anew by themselves;
// whoever was muted still is; a third browser and a Go listener hear a gap and go on.
func TestChromiumIsRehomed(t *testing.T) {
	wav := filepath.Join(t.TempDir(), "said.wav")
	must(t, os.WriteFile(wav, wave(readClip(t, "speech2").spoken().pcm), 0o600))
	for _, loss := range []struct {
		name string
		of   func(*processes.Process) error
	}{{"killed", (*processes.Process).Kill}, {"frozen", (*processes.Process).Freeze}} {
		t.Run(loss.name, func(t *testing.T) { loseHome(t, wav, loss.of) })
	}
}

func loseHome(t *testing.T, wav string, lose func(*processes.Process) error) {
	a := startApart(t)
	host := a.person(t, "Host")
	room := a.liveRoom(t, host, api.CreateRoom{Title: "Open stage", OpenStage: true})
	pages := perform(t, 6*time.Minute, "rehomed.mjs", a.url, room.ID, wav)
	var there struct {
		Home string
		Seat uint32 // Ada's
	}
	pages.hear(&there)
	ear := a.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	ear.more(t, 5)
	last := ear.newest()
	must(t, lose(a.process(there.Home)))
	lost := time.Now()
	pages.say(fmt.Sprint(lost.UnixMilli()))
	var got rehomed
	pages.hear(&got)
	first := ear.spoken(t, last.GetEpoch(), there.Seat)

	report(t, "the home is lost", map[string]any{
		"to_heard_by_chromium_ms": got.AdaHeard, "to_heard_in_program_ms": first.Received.Sub(lost).Milliseconds(),
		"to_on_stage_again_ms": got.Back, "unmute_to_heard_ms": got.BenHeard, "gap_numbers": gapNumbers(ear),
		"sessions_made": got.Sessions, "states": got.States,
	})
	got.check(t, there.Home)
	if stats := ear.listener.Stats(); stats.Connections != 1 || stats.Lost != 0 {
		t.Errorf("the Go listener: %+v", stats)
	}
	a.checkNothingPanicked()
}

func (got rehomed) check(t *testing.T, lost string) {
	t.Helper()
	if got.AdaHeard > 40_000 { // it takes some 4,000
		t.Errorf("heard again after %v ms", got.AdaHeard)
	}
	if !got.BenMuted || got.BenLoud {
		t.Errorf("whoever was muted: still so %v, heard %v", got.BenMuted, got.BenLoud)
	}
	if got.Home == lost || got.Home == "" {
		t.Errorf("the newest session is at %q", got.Home)
	}
	for _, name := range []string{"Ada", "Ben"} {
		if states := got.States[name]; len(states) < 2 || states[0] != "retrying" || states[len(states)-1] != "stage" {
			t.Errorf("%s's page said %v", name, states)
		}
	}
	if len(got.States["Cleo"]) > 0 || got.Sockets != 1 || got.Stats.Lost > 0 || got.Stats.Gaps == 0 || len(got.Announced) > 0 {
		t.Errorf("the audience's page said %v and %q, opened %d sockets, counted %+v", got.States["Cleo"], got.Announced, got.Sockets, got.Stats)
	}
	if len(got.Faults) > 0 {
		t.Errorf("the pages have faults: %v", got.Faults)
	}
}

// newest is the newest batch.
func (r *recording) newest() *listener.Batch {
	all := r.all()
	return all[len(all)-1]
}

// spoken waits for the first batch of a later epoch in which a seat is loud.
func (r *recording) spoken(t testing.TB, after uint64, seat uint32) (found *listener.Batch) {
	t.Helper()
	const loud = 50 // -dBov
	testkit.Eventually(t, patience, func() error {
		for _, b := range r.all() {
			for _, level := range b.GetLevels() {
				if b.GetEpoch() > after && level.GetSeat() == seat && slices.Min(level.GetDbov()) < loud {
					found = b
					return nil
				}
			}
		}
		return errors.New("the seat is not heard in the program")
	})
	return found
}

func gapNumbers(r *recording) (n uint64) {
	for _, g := range r.allGaps() {
		n += g.GetLast() - g.GetFirst() + 1
	}
	return n
}
