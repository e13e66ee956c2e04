// Command rostrum is the whole system in one binary: `rostrum dev` runs every role in one process, `rostrum room` is for
// people at a terminal.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"rostrum/cmd/rostrum/app"
	"rostrum/cmd/rostrum/config"
	"rostrum/cmd/rostrum/load"
	"rostrum/cmd/rostrum/room"
	"rostrum/cmd/rostrum/setup"
)

// verbs are what the program can be asked to do.
type verbs struct {
	Dev    app.Dev       `cmd:"" help:"Run every role in this process on embedded stores, with a demo room already talking."`
	Run    app.Run       `cmd:"" help:"Run roles in this process, on Redis and DynamoDB."`
	Ready  app.Readiness `cmd:"" help:"Say whether a process is ready, or what it waits for."`
	Config config.Verbs  `cmd:"" help:"Look at the configuration of a process."`
	Setup  setup.Verbs   `cmd:"" help:"Make what a system needs before its processes run."`
	Load   load.Load     `cmd:"" help:"Put load on a system, and judge what its listeners hear."`
	Worker load.Worker   `cmd:"" name:"load-worker" hidden:""`
	Room   room.Verbs    `cmd:"" help:"Rooms and their stages, for people at a terminal."`
}

func main() {
	var v verbs
	line := kong.Parse(&v, kong.Name("rostrum"), kong.Description("Live audio rooms."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	line.BindTo(ctx, (*context.Context)(nil))
	if err := line.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "rostrum:", err)
		os.Exit(1)
	}
}
