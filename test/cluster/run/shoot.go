package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"rostrum/test/cluster"
	target "rostrum/test/shoot"
)

type shoot struct {
	Listeners int           `default:"4000" help:"Listeners under whom it happens."`
	Speakers  int           `default:"3" help:"Speakers."`
	Cadence   time.Duration `default:"1s" help:"Time between the listeners' deliveries."`
	Down      time.Duration `default:"3s" help:"How long a process is away."`
	Between   time.Duration `default:"6s" help:"From a process's return to the next shot."`
	At        []string      `default:"kill:edge-1,kill:edge-2,kill:room,kill:listenerstate,kill:signaling,kill:account,kill:mobile-api,kill:dynalite,kill:redis" help:"What to do, in order: kill:NAME, freeze:NAME, wipe:redis, lose:redis; NAME may be home, the SFU that the room is on."`
}

// Run shoots at the system that runs.
func (s shoot) Run(ctx context.Context) error {
	c, err := cluster.Load(folder)
	if err != nil {
		return fmt.Errorf("no system runs in %s (make cluster starts one): %w", folder, err)
	}
	cfg := target.Config{
		Cluster: c, Binary: "bin/rostrum", Listeners: s.Listeners, Speakers: s.Speakers, Cadence: s.Cadence, Down: s.Down, Between: s.Between,
		Progress: os.Stderr,
	}
	for _, what := range s.At {
		shot, err := aim(c, what)
		if err != nil {
			return err
		}
		cfg.Shots = append(cfg.Shots, shot)
	}
	result, err := target.Run(ctx, cfg)
	if err != nil {
		return err
	}
	return result.Write(os.Stdout)
}

func aim(c *cluster.Cluster, what string) (target.Shot, error) {
	how, name, _ := strings.Cut(what, ":")
	loss := map[string]func(*cluster.Cluster, *cluster.Process) target.Shot{"kill": target.Kill, "freeze": target.Freeze, "wipe": target.Wipe, "lose": target.Lose}[how]
	if loss == nil {
		return target.Shot{}, fmt.Errorf("%q is not kill:NAME, freeze:NAME, wipe:redis or lose:redis", what)
	}
	if name == "home" {
		return target.Home(c, loss), nil
	}
	p := c.Process(name)
	if p == nil {
		return target.Shot{}, fmt.Errorf("there is no process %q", name)
	}
	return loss(c, p), nil
}
