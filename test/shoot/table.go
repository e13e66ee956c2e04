package shoot

import (
	"fmt"
	"io"
	"strings"

	"rostrum/cmd/rostrum/report"
)

// Write writes what was found: a table for people, then the RESULT line. The error says which invariant was broken.
func (r Result) Write(w io.Writer) error {
	shots := report.Table{Title: "Shots", Columns: []string{"", "commands away s", "restart s", "rooms re-homed"}}
	for _, s := range r.Shots {
		shots.Add(s.Name, fmt.Sprintf("%.2f", s.Commands), fmt.Sprintf("%.2f", s.Restart), fmt.Sprint(s.Homes))
	}
	heard := report.Table{Title: fmt.Sprintf("%d listeners", r.Heard.Listeners), Columns: []string{"", ""}}
	heard.Add("batches expected", fmt.Sprint(r.Heard.Expected))
	heard.Add("lost", fmt.Sprint(r.Heard.Lost))
	heard.Add("corrupt", fmt.Sprint(r.Heard.Corrupt))
	heard.Add("repeated", fmt.Sprint(r.Heard.Repeated))
	heard.Add("numbers told as gaps", fmt.Sprint(r.Heard.GapNumbers))
	heard.Add("listeners that connected again", fmt.Sprint(r.Heard.Reconnected))
	heard.Add("delivery late, p99 s", fmt.Sprint(r.Heard.Lateness.P99))
	heard.Add("speakers without a word of others, longest s", fmt.Sprintf("%.2f", r.Heard.Silence))
	stage := report.Table{Title: "Commands", Columns: []string{"", ""}}
	stage.Add("answered", fmt.Sprint(r.Answered))
	stage.Add("refused, by code", fmt.Sprint(r.Refused))
	stage.Add("events lost", fmt.Sprint(r.Lost))
	stage.Add("events repeated", fmt.Sprint(r.Repeated))
	stage.Add("snapshots in place of events", fmt.Sprint(r.Snapshots))
	costs := report.Table{Title: "Processes", Columns: []string{"", "CPU s", "cores", "peak MB"}}
	for _, c := range r.Heard.Costs {
		costs.Add(c.Name, fmt.Sprintf("%.2f", c.CPU), fmt.Sprintf("%.3f", c.Cores), fmt.Sprintf("%.1f", float64(c.Peak)/1e6))
	}
	if err := report.WriteTables(w, shots, heard, stage, costs); err != nil {
		return err
	}
	if err := report.Result(w, r); err != nil {
		return err
	}
	return report.Check([]report.Invariant{
		{Name: "events_lost", Broken: broken(r.Lost > 0, "%d acknowledged events never came to who followed", r.Lost)},
		{Name: "events_repeated", Broken: broken(r.Repeated > 0, "%d events came twice", r.Repeated)},
		{Name: "heard", Broken: broken(len(r.Heard.Broken) > 0, "the load says: %s", strings.Join(r.Heard.Broken, "; "))},
	})
}

func broken(is bool, format string, args ...any) string {
	if !is {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
