// Package shoot owns what a system is put through while people listen, speak and give commands: each process lost in turn,
// and what that costs them.
package shoot

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rostrum/cmd/rostrum/report"
	"rostrum/test/cluster"
)

// Config says what to shoot at, and under which load.
type Config struct {
	Cluster   *cluster.Cluster
	Binary    string
	Listeners int
	Speakers  int
	Cadence   time.Duration // of the listeners' deliveries
	Down      time.Duration // how long a process is away
	Between   time.Duration // from one shot's recovery to the next
	Shots     []Shot
	Progress  io.Writer
}

// Shot is one loss.
type Shot struct {
	Name string
	// Do brings the loss about, Undo takes it back.
	Do   func(context.Context) error
	Undo func(context.Context) error
}

// Outcome is what one shot cost.
type Outcome struct {
	Name string `json:"name"`
	// Commands is the longest time without an answered command, from the shot until everything was there again.
	Commands float64 `json:"commands_away_seconds"`
	// Restart is from the restart to ready.
	Restart float64 `json:"restart_seconds"`
	Homes   int     `json:"rooms_rehomed"`
}

// Result is what a whole run cost.
type Result struct {
	Command   string         `json:"command"`
	Listeners int            `json:"listeners"`
	Shots     []Outcome      `json:"shots"`
	Heard     heard          `json:"heard"`
	Answered  int            `json:"commands_answered"`
	Refused   map[string]int `json:"commands_refused"`
	Lost      int            `json:"events_lost"`
	Repeated  int            `json:"events_repeated"`
	Snapshots int            `json:"snapshots"`
	Homes     int            `json:"rooms_rehomed"`
}

// Run shoots, one after the other, while the load goes on.
func Run(ctx context.Context, cfg Config) (result Result, err error) {
	progress := report.NewProgress(cfg.Progress, time.Now())
	p, err := newProbe(ctx, cfg.Cluster.URL)
	if err != nil {
		return result, err
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if closing := p.close(bounded); err == nil {
			err = closing
		}
	}()
	l, err := startLoad(ctx, cfg, cfg.ledgers(), cfg.Progress)
	if err != nil {
		return result, err
	}
	probing, stop := context.WithCancel(ctx)
	defer stop()
	probed := make(chan error, 1)
	go func() { probed <- p.run(probing) }()
	result = Result{Command: "shoot", Listeners: cfg.Listeners}
	if err = l.wait(ctx); err == nil {
		err = cfg.shootAll(ctx, p, progress, &result)
	}
	heard, ending := l.end()
	stop()
	if probing := <-probed; err == nil {
		err = probing
	}
	if err == nil {
		err = ending
	}
	result.Heard, result.Answered, result.Refused = heard, len(p.answered), p.refusals
	result.Lost, result.Repeated, result.Snapshots = p.judge()
	return result, err
}

func (cfg Config) shootAll(ctx context.Context, p *probe, progress *report.Progress, result *Result) error {
	if err := pause(ctx, cfg.Between); err != nil { // the origins have begun by then
		return err
	}
	before := cfg.homes()
	for _, shot := range cfg.Shots {
		homes, begun := cfg.homes(), time.Now()
		progress.Note(begun, "%s", shot.Name)
		if err := shot.Do(ctx); err != nil {
			return fmt.Errorf("%s: %w", shot.Name, err)
		}
		if err := pause(ctx, cfg.Down); err != nil {
			return err
		}
		back := time.Now()
		if err := shot.Undo(ctx); err != nil {
			return fmt.Errorf("after %s: %w", shot.Name, err)
		}
		took := time.Since(back)
		if err := pause(ctx, cfg.Between); err != nil {
			return err
		}
		result.Shots = append(result.Shots, Outcome{
			Name: shot.Name, Commands: p.pause(begun, time.Now()).Seconds(), Restart: took.Seconds(), Homes: cfg.homes() - homes,
		})
	}
	result.Homes = cfg.homes() - before
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ledgers are the operator's doors of the SFU nodes.
func (cfg Config) ledgers() (all []string) {
	for _, p := range nodes(cfg.Cluster) {
		all = append(all, "http://"+p.Operator)
	}
	return all
}

// homes counts the origins that began on all nodes, as their logs say.
func (cfg Config) homes() int {
	n := 0
	for _, p := range nodes(cfg.Cluster) {
		text, err := os.ReadFile(p.Log)
		if err == nil {
			n += strings.Count(string(text), `msg="origin begins"`)
		}
	}
	return n
}

// Kill is a shot that ends a process at once and starts it again.
func Kill(c *cluster.Cluster, p *cluster.Process) Shot {
	return Shot{
		Name: "kill -9 " + p.Name,
		Do:   func(context.Context) error { return p.Kill() },
		Undo: func(ctx context.Context) error { return c.Restart(ctx, p) },
	}
}

// Freeze is a shot that stops a process where it is and lets it go on.
func Freeze(_ *cluster.Cluster, p *cluster.Process) Shot {
	return Shot{
		Name: "freeze " + p.Name,
		Do:   func(context.Context) error { return p.Freeze() },
		Undo: func(context.Context) error { return p.Thaw() },
	}
}
