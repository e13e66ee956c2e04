package load

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"rostrum/cmd/rostrum/report"
)

// toldGaps bounds the gaps in a result.
const toldGaps = 100

// result is the last line: what a run found. Times are in seconds, sizes in bytes. docs/load.md says what each key means.
type result struct {
	Command     string  `json:"command"`
	Rooms       int     `json:"rooms"`
	Speakers    int     `json:"speakers"`
	Listeners   int     `json:"listeners"`
	Identities  int     `json:"identities"`
	Processes   int     `json:"processes"`
	Rendition   string  `json:"rendition"`
	Cadence     float64 `json:"cadence_seconds"`
	Ramp        float64 `json:"ramp_seconds"`
	Duration    float64 `json:"duration_seconds"`
	Interrupted bool    `json:"interrupted"`

	Connected   int               `json:"listeners_connected_most"`
	Hearing     int               `json:"listeners_that_heard"`
	Ended       int               `json:"listeners_sent_away"`
	Reconnected int               `json:"listeners_reconnected"`
	Reconnects  uint64            `json:"reconnects"`
	Closes      map[string]uint64 `json:"closes"`

	Expected    uint64 `json:"batches_expected"`
	Received    uint64 `json:"batches_received"`
	Bytes       uint64 `json:"received_bytes"`
	Lost        uint64 `json:"lost"`
	Corrupt     uint64 `json:"corrupt"`
	Repeated    uint64 `json:"repeated"`
	OutOfOrder  uint64 `json:"out_of_order"`
	LowerEpochs uint64 `json:"lower_epochs"`
	EpochFalls  uint64 `json:"epoch_falls"`
	TwoContents uint64 `json:"two_contents"`

	Verified       uint64 `json:"ledger_verified"`
	Unverified     uint64 `json:"ledger_unverified"`
	LedgerNumbers  uint64 `json:"ledger_numbers"`
	LedgerPolls    int    `json:"ledger_polls"`
	LedgerFailures int    `json:"ledger_failures"`

	GapNumbers uint64             `json:"gap_numbers"`
	GapsMade   uint64             `json:"gap_numbers_made"`
	GapSeconds map[string]float64 `json:"gap_seconds"`
	Gaps       []gapTold          `json:"gaps"`

	Anchored bool             `json:"anchored"`
	Lateness report.Quantiles `json:"lateness_seconds"`
	Age      report.Quantiles `json:"age_seconds"`
	JoinCall report.Quantiles `json:"join_call_seconds"`
	Join     report.Quantiles `json:"join_to_audio_seconds"`

	Markers int              `json:"markers_spoken"`
	Strange uint64           `json:"markers_strange"`
	Arrival report.Quantiles `json:"speech_to_arrival_seconds"`
	Playout report.Quantiles `json:"speech_to_playout_seconds"`

	SpeakerSessions int     `json:"speaker_sessions"`
	SpeakerSilence  float64 `json:"speaker_longest_silence_seconds"`

	Costs  []cost   `json:"costs"`
	Broken []string `json:"broken"`

	ledgers int // that were asked
}

// gapTold is a gap that listeners were told of.
type gapTold struct {
	Room      string  `json:"room"`
	First     uint64  `json:"first"`
	Last      uint64  `json:"last"`
	Epoch     uint64  `json:"epoch"`
	Reason    string  `json:"reason"`
	Seconds   float64 `json:"seconds"`
	Listeners uint64  `json:"listeners"`
}

// cost is what the processes of one name used.
type cost struct {
	Name  string  `json:"name"`
	CPU   float64 `json:"cpu_seconds"`
	Cores float64 `json:"cores"` // while all listeners listened
	RSS   uint64  `json:"peak_rss_bytes"`
}

// result answers what the run found, when it is over.
func (r *run) result() result {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all counts
	out := result{
		Command: "load", Rooms: len(r.house.rooms), Speakers: len(r.talkers), Listeners: r.plan.listeners,
		Identities: r.plan.identities, Processes: r.plan.processes, Rendition: r.plan.rendition,
		Cadence: float64(r.plan.cadence) / 1000, Interrupted: r.stopped, Closes: map[string]uint64{}, GapSeconds: map[string]float64{},
		Gaps: []gapTold{}, Broken: []string{},
	}
	for p, c := range r.counts {
		all.add(c)
		for why, n := range r.closes[p] {
			out.Closes[why] += n
		}
	}
	out.count(all)
	for _, m := range r.moments {
		out.Connected = max(out.Connected, m.counts.Connected)
	}
	r.times(&out)
	r.compare(&out)
	r.voices(&out)
	out.Costs = r.usage()
	for _, i := range out.invariants() {
		if i.Broken != "" {
			out.Broken = append(out.Broken, i.Name)
		}
	}
	return out
}

func (out *result) count(all counts) {
	out.Hearing, out.Ended, out.Reconnected = all.Hearing, all.Ended, all.Reconnected
	out.Reconnects = all.Connections - min(all.Connections, uint64(all.Hearing))
	out.Expected, out.Received, out.Bytes, out.GapNumbers = all.Expected, all.Received, all.Bytes, all.GapNumbers
	out.Lost, out.Corrupt, out.Repeated, out.OutOfOrder = all.Lost, all.Corrupt, all.Repeated, all.OutOfOrder
	out.LowerEpochs, out.EpochFalls = all.LowerEpochs, all.EpochFalls
}

// times says how long everything took.
func (r *run) times(out *result) {
	if !r.allOut.IsZero() {
		out.Ramp, out.Duration = seconds(r.allOut.Sub(r.begun)), seconds(r.ended.Sub(r.allOut))
	}
	late, age, anchored := r.lateness.total()
	out.Lateness, out.Age, out.Anchored = late.Quantiles(), age.Quantiles(), anchored
	out.JoinCall, out.Join = r.house.joins.Quantiles(), r.joins.Quantiles()
}

// voices says how speech got to listeners, and to the other speakers.
func (r *run) voices(out *result) {
	heard := r.markers.latencies(r.tones, r.lateness)
	out.Markers, out.Strange = r.markers.count(), heard.strange
	out.Arrival, out.Playout = heard.arrival.Quantiles(), heard.playout.Quantiles()
	for _, t := range r.talkers {
		sessions, longest := t.figures(r.ended)
		out.SpeakerSessions += sessions
		out.SpeakerSilence = max(out.SpeakerSilence, seconds(longest))
	}
}

// compare adds what the ledgers say.
func (r *run) compare(out *result) {
	f := r.audit.compare(r.ledgers)
	out.Verified, out.Unverified, out.LedgerNumbers = f.verified, f.unverified, f.numbers
	out.TwoContents, out.GapsMade, out.ledgers = f.twoContents, f.gapsMade, len(r.plan.ledgers)
	out.Corrupt += f.wrong
	out.LedgerPolls, out.LedgerFailures = r.ledgers.polls, r.ledgers.failed
	for _, g := range r.audit.told(toldGaps) {
		told := gapTold{
			Room: r.house.rooms[g.Room].Room, First: g.First, Last: g.Last, Epoch: g.Epoch, Reason: g.Reason,
			Seconds: float64(g.Last-g.First+1) * batchMS / 1000, Listeners: g.Listeners,
		}
		out.Gaps = append(out.Gaps, told)
		out.GapSeconds[g.Reason] = max(out.GapSeconds[g.Reason], told.Seconds)
	}
}

// usage is what every process used in all, and in the time when all listeners listened.
func (r *run) usage() []cost {
	if len(r.moments) == 0 {
		return nil
	}
	last := r.moments[len(r.moments)-1]
	steady := last
	for _, m := range r.moments {
		if !r.allOut.IsZero() && m.at >= r.allOut.Sub(r.begun).Seconds()-0.5 {
			steady = m
			break
		}
	}
	var out []cost
	for _, name := range slices.Sorted(maps.Keys(last.usage)) {
		u := last.usage[name]
		c := cost{Name: name, CPU: seconds(u.cpu), RSS: u.peak}
		if took := last.at - steady.at; took > 0 {
			c.Cores = float64(int64((u.cpu-steady.usage[name].cpu).Seconds()/took*1000)) / 1000
		}
		out = append(out, c)
	}
	return out
}

// invariants are what must hold whatever happens to the system meanwhile.
func (out *result) invariants() []report.Invariant {
	broken := func(name string, count uint64, one, many string) report.Invariant {
		switch count {
		case 0:
			return report.Invariant{Name: name}
		case 1:
			return report.Invariant{Name: name, Broken: "1 " + one}
		}
		return report.Invariant{Name: name, Broken: fmt.Sprintf("%d %s", count, many)}
	}
	all := []report.Invariant{
		broken("lost", out.Lost, "batch was lost to a listener", "batches were lost to listeners"),
		broken("corrupt", out.Corrupt, "batch was corrupt", "batches were corrupt"),
		broken("repeated", out.Repeated, "number came again", "numbers came again"),
		broken("out_of_order", out.OutOfOrder, "message left a number out", "messages left a number out"),
		broken("epoch_falls", out.EpochFalls, "batch of an older epoch followed a newer one", "batches of older epochs followed newer ones"),
		broken("two_contents", out.TwoContents, "number had two contents", "numbers had two contents"),
		broken("listeners_sent_away", uint64(out.Ended), "listener was sent away", "listeners were sent away"),
		broken("listeners_that_heard", uint64(max(0, out.Listeners-out.Hearing)),
			"listener heard nothing", "listeners heard nothing"),
	}
	if out.ledgers > 0 && out.LedgerPolls == 0 {
		all = append(all, report.Invariant{Name: "ledger_polls", Broken: "no ledger answered, so nothing was compared"})
	}
	return all
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
