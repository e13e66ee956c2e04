package load

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rostrum/cmd/rostrum/report"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// outcome is what came of a run.
type outcome struct {
	result result
	err    error
	text   string // all that was said
}

// perform does a run.
func perform(ctx context.Context, l *Load) (o outcome) {
	var out, progress bytes.Buffer
	l.stdout, l.stderr = &out, &progress
	l.Rooms, l.Rendition, l.Silence, l.Joins = 1, "voice-32", 20*time.Second, 400
	o.err = l.Run(ctx)
	o.text = progress.String() + out.String()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last, found := strings.CutPrefix(lines[len(lines)-1], report.Mark)
	if !found {
		o.err = errors.Join(errors.New("there is no result"), o.err)
	} else if err := json.Unmarshal([]byte(last), &o.result); err != nil {
		o.err = errors.Join(err, o.err)
	}
	return o
}

func TestLoadOfAWholeSystem(t *testing.T) {
	system := startSystem(t)
	page := filepath.Join(t.TempDir(), "page.html")
	o := perform(t.Context(), &Load{
		URL: system, Speakers: 2, Listeners: 200, Duration: 4 * time.Second, Processes: 2, Identities: 20, Cadence: 1000, Sample: 4,
		Ledger: []string{system}, HTML: page,
	})
	r := o.result
	if o.err != nil || testing.Verbose() {
		t.Logf("%v\n%s", o.err, o.text)
	}
	must(t, o.err)
	if r.Lost != 0 || r.Corrupt != 0 || r.Repeated != 0 || len(r.Broken) != 0 || r.Hearing != 200 || r.Connected != 200 || r.Processes != 2 {
		t.Errorf("%+v", r)
	}
	if r.Expected < 200*15 || r.Received+r.GapNumbers != r.Expected || r.Verified != r.Received || !r.Anchored {
		t.Errorf("%d expected, %d received, %d in gaps, %d verified, anchored %v", r.Expected, r.Received, r.GapNumbers, r.Verified, r.Anchored)
	}
	if r.Lateness.Count == 0 || r.Age.P50 <= r.Lateness.P50 || r.Join.Count != 200 || r.Arrival.Count == 0 || r.Playout.P50 < r.Arrival.P50 {
		t.Errorf("late %+v, age %+v, join %+v, speech %+v, %+v", r.Lateness, r.Age, r.Join, r.Arrival, r.Playout)
	}
	if r.SpeakerSessions != 2 || r.Duration < 4 {
		t.Errorf("%d sessions, %v s", r.SpeakerSessions, r.Duration)
	}
	file, err := os.Open(page)
	must(t, err)
	defer file.Close()
	for decoder := xml.NewDecoder(file); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
}

// Whatever is done to the batches on their way, a run finds it and fails.
func TestLoadFindsWhatIsSpoiled(t *testing.T) {
	if testing.Short() {
		t.Skip("six runs of 4 s")
	}
	system := startSystem(t)
	cases := spoilings(t)
	outcomes := make([]outcome, len(cases))
	var running sync.WaitGroup
	for i, c := range cases {
		way, ledger := newSpoiler(t, system, c.spoil)
		running.Go(func() {
			outcomes[i] = perform(t.Context(), &Load{
				URL: way, Speakers: 1, Listeners: 6, Duration: 4 * time.Second, Identities: 2, Cadence: 200, Ledger: []string{ledger},
			})
		})
	}
	running.Wait()
	for i, c := range cases {
		o := outcomes[i]
		var told *report.BrokenError
		if !errors.As(o.err, &told) || !slices.Equal(o.result.Broken, c.broken) {
			t.Errorf("%s: %v; broken %q, want %q\n%s", c.name, o.err, o.result.Broken, c.broken, o.text)
		}
	}
}

type spoiling struct {
	name   string
	spoil  func(number uint64, encoded []byte) [][]byte
	broken []string
}

func spoilings(t *testing.T) []spoiling {
	once := func(spoil func([]byte) [][]byte) func(uint64, []byte) [][]byte {
		n := 0
		return func(_ uint64, encoded []byte) [][]byte {
			if n++; n == 40 {
				return spoil(encoded)
			}
			return [][]byte{encoded}
		}
	}
	return []spoiling{
		{"a bit is turned", once(func(encoded []byte) [][]byte {
			encoded[20] ^= 1
			return [][]byte{encoded}
		}), []string{"corrupt"}},
		{"another batch under the number", once(func(encoded []byte) [][]byte {
			return [][]byte{forged(t, encoded, func(b *listenv1.Batch) { b.Frames[3].Opus = []byte{15 << 3, 0, 0} })}
		}), []string{"corrupt", "two_contents"}},
		{"a batch comes twice", once(func(encoded []byte) [][]byte { return [][]byte{encoded, encoded} }), []string{"repeated"}},
		{"a batch goes missing", once(func([]byte) [][]byte { return nil }), []string{"out_of_order"}},
		{"an older epoch", once(func(encoded []byte) [][]byte {
			return [][]byte{forged(t, encoded, func(b *listenv1.Batch) { b.Epoch-- })}
		}), []string{"out_of_order", "epoch_falls"}},
		{"a number goes missing for everybody", func(number uint64, encoded []byte) [][]byte {
			if number%16 == 7 {
				return nil
			}
			return [][]byte{encoded}
		}, []string{"lost", "out_of_order"}},
	}
}
