package load

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"rostrum/cmd/rostrum/report"
)

// tables are what people read at the end.
func (out *result) tables() []report.Table {
	listeners := report.Table{Title: fmt.Sprintf("%d listeners, %d speakers, %s every %v, %.0f s", out.Listeners, out.Speakers,
		out.Rendition, time.Duration(out.Cadence*float64(time.Second)), out.Duration)}
	listeners.Add("connected at most", itoa(out.Connected))
	listeners.Add("heard something", itoa(out.Hearing))
	listeners.Add("connected again", fmt.Sprintf("%d, %d times", out.Reconnected, out.Reconnects))
	listeners.Add("sent away", itoa(out.Ended))
	batches := report.Table{Title: "Batches"}
	for _, row := range []struct {
		name  string
		count uint64
	}{
		{"expected", out.Expected}, {"received", out.Received}, {"told as gaps", out.GapNumbers}, {"lost", out.Lost},
		{"corrupt", out.Corrupt}, {"repeated", out.Repeated}, {"out of order", out.OutOfOrder},
		{"of older epochs, dropped", out.LowerEpochs}, {"numbers with two contents", out.TwoContents},
		{"equal to a ledger", out.Verified}, {"in no ledger", out.Unverified},
	} {
		batches.Add(row.name, strconv.FormatUint(row.count, 10))
	}
	return []report.Table{listeners, batches, out.timeTable(), out.closeTable(), out.gapTable(), out.costTable()}
}

func (out *result) timeTable() report.Table {
	t := report.Table{Title: "Times in ms", Columns: []string{"", "p50", "p95", "p99", "most", "of"}}
	add := func(name string, q report.Quantiles) {
		if q.Count > 0 {
			t.Add(name, ms(q.P50), ms(q.P95), ms(q.P99), ms(q.Max), strconv.FormatUint(q.Count, 10))
		}
	}
	late := "delivery, late"
	if !out.Anchored {
		late += " (against the fastest)"
	}
	add(late, out.Lateness)
	add("batch, age when it comes", out.Age)
	add("join, call of the API", out.JoinCall)
	add("join, until audio", out.Join)
	add("speech, until it comes", out.Arrival)
	add("speech, until it is played", out.Playout)
	if out.SpeakerSilence > 0 {
		t.Add("speakers, without a word of others", "", "", "", ms(out.SpeakerSilence), "")
	}
	return t
}

func (out *result) closeTable() report.Table {
	t := report.Table{Title: "Connections that were left or not made"}
	for _, why := range slices.Sorted(maps.Keys(out.Closes)) {
		t.Add(why, strconv.FormatUint(out.Closes[why], 10))
	}
	return t
}

func (out *result) gapTable() report.Table {
	t := report.Table{Title: "Gaps", Columns: []string{"numbers", "reason", "seconds", "listeners"}}
	for _, g := range out.Gaps[:min(10, len(out.Gaps))] {
		t.Add(fmt.Sprintf("%d to %d", g.First, g.Last), g.Reason, fmt.Sprintf("%.1f", g.Seconds), strconv.FormatUint(g.Listeners, 10))
	}
	return t
}

func (out *result) costTable() report.Table {
	t := report.Table{Title: "Processes", Columns: []string{"", "CPU s", "cores", "peak MB"}}
	for _, c := range out.Costs {
		t.Add(c.Name, fmt.Sprintf("%.2f", c.CPU), fmt.Sprintf("%.3f", c.Cores), fmt.Sprintf("%.1f", float64(c.RSS)/1e6))
	}
	return t
}

func itoa(n int) string { return strconv.Itoa(n) }

func ms(seconds float64) string { return fmt.Sprintf("%.0f", seconds*1000) }

// page is the report for a browser.
func (r *run) page(found result, tables []report.Table, broken error) report.Page {
	p := report.Page{
		Title:   "rostrum load",
		Lead:    fmt.Sprintf("%s, begun %s", tables[0].Title, r.begun.UTC().Format("2006-01-02 15:04:05 UTC")),
		Verdict: fmt.Sprintf("Every invariant held: %d batches, none lost, none corrupt, none twice.", found.Received),
		Tables:  tables,
	}
	if broken != nil {
		p.Broken, p.Verdict = true, broken.Error()
	}
	p.Plots = append([]report.Plot{
		r.plot("Listeners connected", "", []string{"connected"}, func(m moment, _ string) float64 { return float64(m.counts.Connected) }),
		r.latePlot(),
		r.plot("Numbers not heard", "numbers, in all", []string{"lost", "in gaps", "corrupt"}, func(m moment, name string) float64 {
			return float64(map[string]uint64{"lost": m.counts.Lost, "in gaps": m.counts.GapNumbers, "corrupt": m.counts.Corrupt}[name])
		}),
		r.plot("Connections again", "in all", []string{"reconnects"}, func(m moment, _ string) float64 {
			return float64(m.counts.Connections - min(m.counts.Connections, uint64(m.counts.Hearing)))
		}),
	}, r.costPlots()...)
	return p
}

// plot draws one value a second for each name.
func (r *run) plot(title, unit string, names []string, value func(moment, string) float64) report.Plot {
	p := report.Plot{Title: title, Unit: unit}
	for _, name := range names {
		s := report.Series{Name: name}
		for _, m := range r.moments {
			s.Points = append(s.Points, report.Point{X: m.at, Y: value(m, name)})
		}
		p.Series = append(p.Series, s)
	}
	return p
}

func (r *run) latePlot() report.Plot {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := make([]report.Series, 3)
	for second := range r.lateness.seconds {
		q := r.lateness.second(second)
		if q.Count == 0 {
			continue
		}
		for i, value := range []float64{q.P50, q.P95, q.P99} {
			lines[i].Points = append(lines[i].Points, report.Point{X: float64(second), Y: value * 1000})
		}
	}
	lines[0].Name, lines[1].Name, lines[2].Name = "p50", "p95", "p99"
	return report.Plot{Title: "Lateness of deliveries", Unit: "ms", Series: lines}
}

// costPlots are CPU and memory of every process over time.
func (r *run) costPlots() []report.Plot {
	if len(r.moments) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(r.moments[len(r.moments)-1].usage))
	cpu := report.Plot{Title: "CPU", Unit: "cores"}
	for _, name := range names {
		s := report.Series{Name: name}
		for i := 1; i < len(r.moments); i++ {
			before, now := r.moments[i-1], r.moments[i]
			used := (now.usage[name].cpu - before.usage[name].cpu).Seconds()
			s.Points = append(s.Points, report.Point{X: now.at, Y: used / max(now.at-before.at, 0.001)})
		}
		cpu.Series = append(cpu.Series, s)
	}
	memory := r.plot("Memory", "MB", names, func(m moment, name string) float64 { return float64(m.usage[name].rss) / 1e6 })
	return []report.Plot{cpu, memory}
}
