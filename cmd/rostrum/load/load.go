// Package load owns the load test of a system from outside: people on a stage who speak over WebRTC, thousands of listeners
// who check every batch, and what they measured (docs/load.md).
package load

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"rostrum/cmd/rostrum/report"
)

// Load is `rostrum load`.
type Load struct {
	URL        string        `name:"url" default:"http://127.0.0.1:8080" help:"Of the gateway."`
	Insecure   bool          `help:"Do not check the certificate of https."`
	Room       string        `placeholder:"ROOM" help:"Listen to this room. Default: rooms of its own, which it ends."`
	Rooms      int           `default:"1" help:"How many rooms, where they are its own."`
	Keep       bool          `help:"Leave the rooms live."`
	Speakers   int           `default:"3" help:"Speakers in each room."`
	Listeners  int           `default:"1000" help:"Listeners in all rooms together."`
	Duration   time.Duration `default:"60s" help:"How long, from the moment at which the last listener has set out."`
	Joins      float64       `default:"200" help:"Listeners that set out in a second."`
	Processes  int           `placeholder:"N" help:"Processes that listen. Default: as many as leave 8,000 listeners or less for each."`
	Identities int           `default:"-1" help:"Guests that the listeners are, several the same one; 0: none, they share an open grant. Default: 50."`
	Sources    string        `placeholder:"A-B" help:"Addresses to listen from, such as 127.0.0.1-127.0.0.16, which is the default to this machine."`
	Rendition  string        `default:"voice-32" help:"What to listen to."`
	Cadence    int           `default:"1000" help:"Time between deliveries that listeners wish for."`
	Silence    time.Duration `default:"3s" help:"How long a listener hears nothing before it resumes elsewhere."`
	Sample     int           `default:"20" help:"Listeners that decode and look for the marker tone."`
	Ledger     []string      `placeholder:"URL,…" help:"Operator's doors of the SFU nodes, to compare what listeners got with what was made."`
	PID        []string      `name:"pid" placeholder:"NAME=PID,…" help:"Processes of the servers, to tell their CPU and memory."`
	PIDs       string        `name:"pids" placeholder:"FILE" help:"The same, one a line; read again while it runs."`
	HTML       string        `name:"html" placeholder:"FILE" help:"Write a page with plots."`

	stdout, stderr io.Writer // nil: those of the process
}

// Run runs the test, tells what it measured, and answers an error where an invariant did not hold.
func (l *Load) Run(ctx context.Context) error {
	if l.stdout == nil {
		l.stdout = os.Stdout
	}
	if l.stderr == nil {
		l.stderr = os.Stderr
	}
	p, err := l.plan()
	if err != nil {
		return err
	}
	begun := time.Now()
	r := newRun(p, report.NewProgress(l.stderr, begun), begun)
	if err := r.do(ctx); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return l.tell(r)
}

// tell writes what a run found: tables, the page, the last line.
func (l *Load) tell(r *run) error {
	found := r.result()
	tables := found.tables()
	broken := report.Check(found.invariants())
	if err := report.WriteTables(l.stdout, tables...); err != nil {
		return err
	}
	if l.HTML != "" {
		if err := r.page(found, tables, broken).WriteFile(l.HTML); err != nil {
			return err
		}
	}
	if broken != nil {
		fmt.Fprintf(l.stdout, "\n%v\n", broken)
	}
	if err := report.Result(l.stdout, found); err != nil {
		return err
	}
	return broken
}
