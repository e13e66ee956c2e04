// Command run starts a whole system on this machine, or stops it: `run up`, `run down`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"rostrum/test/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := errors.New("want up or down")
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "up":
			err = up(ctx)
		case "down":
			err = down()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func up(ctx context.Context) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	fmt.Printf("%-14s %7s %9s  %-24s %s\n", "process", "pid", "ready", "operator's door", "log")
	c, err := cluster.Start(ctx, cluster.Config{
		Folder: filepath.Join(root, folder), Binary: filepath.Join(root, "bin/rostrum"), Root: root,
		Say: func(p *cluster.Process) {
			door := "-"
			if p.Operator != "" {
				door = "http://" + p.Operator
			}
			log, _ := filepath.Rel(root, p.Log)
			fmt.Printf("%-14s %7d %6d ms  %-24s %s\n", p.Name, p.PID, p.ReadyMS, door, log)
		},
	})
	if err != nil {
		return err
	}
	fmt.Printf("\nready %s\nfollow one:  tail -f %s/NAME.log\nstop all:    make cluster-stop\n", c.URL, folder)
	return nil
}

func down() error {
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

// folder is where `make cluster` keeps everything, from the root of the repository.
const folder = "build/cluster"
