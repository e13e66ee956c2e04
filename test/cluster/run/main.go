// Command run starts a whole system on this machine, stops it, or shoots at it: `run up`, `run down`, `run shoot`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"rostrum/test/cluster"
)

// folder is where `make cluster` keeps everything, from the root of the repository.
const folder = "build/cluster"

type verbs struct {
	Up    up    `cmd:"" help:"Start every role as a process of its own."`
	Down  down  `cmd:"" help:"Stop them."`
	Cut   cut   `cmd:"" help:"Cut the network of the SFU that a room is at home on, under load, in network namespaces. Stop the system first."`
	Shoot shoot `cmd:"" help:"Lose each process in turn, under load, and say what it cost."`
}

func main() {
	var v verbs
	line := kong.Parse(&v, kong.Name("cluster"), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	line.BindTo(ctx, (*context.Context)(nil))
	if err := line.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

type up struct{}

// Run starts the system and leaves it running.
func (up) Run(ctx context.Context) error {
	fmt.Printf("%-14s %7s %9s  %-24s %s\n", "process", "pid", "ready", "operator's door", "log")
	c, err := start(ctx, cluster.Config{})
	if err != nil {
		return err
	}
	fmt.Printf("\nready %s\nfollow one:  tail -f %s/NAME.log\nstop all:    make cluster-stop\n", c.URL, folder)
	return nil
}

func start(ctx context.Context, cfg cluster.Config) (*cluster.Cluster, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	cfg.Folder, cfg.Binary, cfg.Root = filepath.Join(root, folder), filepath.Join(root, "bin/rostrum"), root
	cfg.Say = func(p *cluster.Process) {
		door := "-"
		if p.Operator != "" {
			door = "http://" + p.Operator
		}
		log, _ := filepath.Rel(root, p.Log)
		fmt.Printf("%-14s %7d %6d ms  %-24s %s\n", p.Name, p.PID, p.ReadyMS, door, log)
	}
	return cluster.Start(ctx, cfg)
}

type down struct{}

// Run stops what runs.
func (down) Run() error {
	c, err := cluster.Load(folder)
	if errors.Is(err, os.ErrNotExist) {
		fmt.Println("no system runs in", folder)
		return nil
	}
	if err != nil {
		return err
	}
	return c.Stop()
}
