package load

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"rostrum/cmd/rostrum/report"
)

func TestALedgerIsReadAsTheVectorSays(t *testing.T) {
	file, err := os.Open("../../../docs/vectors/ledger.jsonl")
	must(t, err)
	defer file.Close()
	entries, err := readLedger(file)
	must(t, err)
	l := newLedgers([]string{"http://x"}, []jobRoom{{Room: "rm_0"}}, "voice-32")
	l.keep(doorRoom{}, entries)
	if got := fmt.Sprint(l.made[0]); got != "map[4712:[d24ec4f1a98c6e5b] 4713:[1c330fb2d66be179] 4718:[44bc2cf5ad770999]]" {
		t.Error(got)
	}
	s, known := l.schedule(programKey{0, 6})
	if want := time.Date(2026, 3, 1, 12, 0, 1, 500_000_000, time.UTC); !known || s.first != 4718 || !s.anchor.Equal(want) || s.delay != 160*time.Millisecond {
		t.Errorf("%+v", s)
	}
	if l.next[doorRoom{}] != 4719 {
		t.Errorf("asks from %d on", l.next[doorRoom{}])
	}
}

func TestBadLedgers(t *testing.T) {
	for _, text := range []string{"x", `{"number":1}`, `{"first":3,"last":2,"epoch":1,"gap":"new_origin"}`, `{"epoch":-1}`} {
		good := `{"number":1,"epoch":2,"xxh64":"00"}` + "\n"
		entries, err := readLedger(strings.NewReader(good + text))
		if err == nil || len(entries) != 1 {
			t.Errorf("%q: %d entries, %v", text, len(entries), err)
		}
	}
}

func FuzzReadLedger(f *testing.F) {
	f.Add(`{"epoch":5,"first":4712,"anchor":"2026-03-01T12:00:00.25Z","delay_ms":160}`)
	f.Add(`{"number":4712,"epoch":5,"xxh64":"d24ec4f1a98c6e5b"}`)
	f.Add(`{"first":4714,"last":4717,"epoch":6,"gap":"new_origin"}`)
	f.Fuzz(func(t *testing.T, text string) {
		entries, _ := readLedger(strings.NewReader(text))
		l := newLedgers([]string{"http://x"}, []jobRoom{{Room: "rm_0"}}, "voice-32")
		l.keep(doorRoom{}, entries)
	})
}

func TestAuditComparesWithLedgers(t *testing.T) {
	l := newLedgers(nil, []jobRoom{{}, {}}, "voice-32")
	l.made[0] = map[uint64][]string{10: {"aa"}, 11: {"bb"}, 12: {"cc"}, 13: {"dd", "ee"}, 30: {"ff"}}
	a := newAudit(2)
	a.take(news{Heard: []heard{{0, 10, "aa", 7}, {0, 11, "xx", 2}, {0, 12, "cc", 4}, {0, 13, "ee", 5}, {0, 14, "gg", 3}, {1, 10, "zz", 1}, {9, 1, "", 1}}})
	a.take(news{
		Heard: []heard{{0, 10, "aa", 1}, {0, 12, "ccc", 1}},
		Gaps:  []gapHeard{{0, 29, 31, 6, "upstream_lost", 2}, {0, 40, 49, 6, "new_origin", 1}, {7, 1, 1, 1, "", 1}},
	})
	a.take(news{Gaps: []gapHeard{{0, 29, 31, 6, "upstream_lost", 3}}})
	if got, want := a.compare(l), (findings{verified: 17, wrong: 3, unverified: 4, gapsMade: 5, twoContents: 1, numbers: 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	told := a.told(2)
	if len(told) != 2 || told[0].First != 40 || told[1].Listeners != 5 {
		t.Errorf("%+v", told)
	}
}

func TestLatenessIsAgainstTheAnchor(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := newLedgers(nil, []jobRoom{{}}, "voice-32")
	late := newLateness(l)
	// Batch 4712 is the first of epoch 5, which began at noon: it is due at noon + 200 ms + 160 ms.
	at := func(number, after int64) int64 { return noon.UnixMilli() + after - (number+1)*batchMS }
	late.take(3, []arrivals{{Epoch: 5, Deliveries: report.Spread{at(4712, 365): 9, at(4713, 600): 1}, Batches: report.Spread{at(4712, 765): 1}}})
	if q, _, anchored := late.total(); anchored || q.Quantiles().P50 != 0 || q.Quantiles().Max != 0.035 {
		t.Errorf("against the fastest: %+v, %v", q.Quantiles(), anchored)
	}
	l.keep(doorRoom{}, []ledgerEntry{{Epoch: 5, First: 4712, Anchor: noon, DelayMS: 160}})
	q, age, anchored := late.total()
	if !anchored || q.Quantiles() != (report.Quantiles{P50: 0.005, P95: 0.040, P99: 0.040, Max: 0.040, Count: 10}) || age.Quantiles().P50 != 0.565 {
		t.Errorf("%v %+v, age %+v", anchored, q.Quantiles(), age.Quantiles())
	}
	if late.second(3).P50 != 0.005 || late.second(2).Count != 0 || late.second(99).Count != 0 || late.second(-1).Count != 0 {
		t.Errorf("%+v", late.second(3))
	}
}

func TestTonesAreMatchedWithMarkers(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := newLedgers(nil, []jobRoom{{}}, "voice-32")
	l.keep(doorRoom{}, []ledgerEntry{{Epoch: 5, First: 100, Anchor: noon, DelayMS: 160}})
	m := newMarkers(1)
	for i := range 5 {
		m.say(0, noon.Add(time.Duration(i)*time.Second))
	}
	begin := float64(100 * batchMS)
	unix := float64(noon.UnixMilli())
	got := m.latencies([]tone{
		{Epoch: 5, MediaMS: begin + 2030, ArriveMS: unix + 2900, PlayMS: unix + 3250}, // of 2 s
		{Epoch: 5, MediaMS: begin + 2950, ArriveMS: unix + 3700, PlayMS: unix + 4200}, // of 3 s, clocks differ
		{Epoch: 5, MediaMS: begin + 4800, ArriveMS: unix + 5000, PlayMS: unix + 5000}, // of nobody
		{Room: 4, Epoch: 5, MediaMS: begin, ArriveMS: unix, PlayMS: unix},
	}, newLateness(l))
	if fmt.Sprint(got.arrival, got.playout, got.strange) != "map[700:1 900:1] map[1200:1 1250:1] 2" || m.count() != 5 {
		t.Errorf("%v %v %d", got.arrival, got.playout, got.strange)
	}
}
