// Command rostrum is the whole system in one binary: `rostrum dev` runs every role in one process, `rostrum run` some of them,
// `rostrum room` is for people at a terminal.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

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
