package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"rostrum/test/cluster"
	target "rostrum/test/shoot"
)

// mainland is the network namespace that everything but the SFUs runs in.
const mainland = "rostrum-main"

type cut struct {
	Listeners int           `default:"500" help:"Listeners under whom it happens."`
	Speakers  int           `default:"3" help:"Speakers."`
	Cadence   time.Duration `default:"1s" help:"Time between the listeners' deliveries."`
	Down      time.Duration `default:"6s" help:"How long the network is away."`
	Inside    bool          `hidden:""`
}

// Run starts a system of its own in network namespaces and cuts the cable of the SFU that the room is at home on.
func (c cut) Run(ctx context.Context) error {
	if c.Inside {
		return c.inside(ctx)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if said, err := exec.CommandContext(ctx, "ip", "netns", "add", mainland).CombinedOutput(); err != nil {
		return fmt.Errorf("make a network namespace (as root?): %w: %s", err, said)
	}
	defer exec.Command("ip", "netns", "del", mainland).Run()
	command := exec.CommandContext(ctx, "ip", "netns", "exec", mainland, self, "cut", "--inside",
		fmt.Sprint("--listeners=", c.Listeners), fmt.Sprint("--speakers=", c.Speakers), fmt.Sprint("--cadence=", c.Cadence), fmt.Sprint("--down=", c.Down))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	return command.Run()
}

func (c cut) inside(ctx context.Context) (err error) {
	islands, err := cluster.NewIslands(ctx, "sfu-1", "sfu-2")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, islands.Close()) }()
	system, err := start(ctx, cluster.Config{Ports: islands.Ports, Inside: islands.Inside})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Stop()) }()
	loss := func(_ *cluster.Cluster, p *cluster.Process) target.Shot {
		return target.Shot{
			Name: "cut the network of " + p.Name,
			Do:   func(ctx context.Context) error { return islands.Cut(ctx, p.Name) },
			Undo: func(ctx context.Context) error { return islands.Mend(ctx, p.Name) },
		}
	}
	result, err := target.Run(ctx, target.Config{
		Cluster: system, Binary: "bin/rostrum", Listeners: c.Listeners, Speakers: c.Speakers, Cadence: c.Cadence, Down: c.Down, Between: 6 * time.Second,
		Progress: os.Stderr, Shots: []target.Shot{target.Home(system, loss)},
	})
	if err != nil {
		return err
	}
	return result.Write(os.Stdout)
}
