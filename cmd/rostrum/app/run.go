package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/obs"
)

// Run runs roles in this process, on stores of their own.
type Run struct {
	Roles []string `arg:"" name:"role" help:"The roles of this process: room, listenerstate, signaling, account, sfu, edge, mobile-api; several separated by commas."`
	config.Flags
}

// Run runs until ctx ends. It prints one line "ready …" to standard output when all that the roles need is there.
func (r *Run) Run(ctx context.Context) (err error) {
	roles := config.SplitRoles(r.Roles)
	cfg, err := config.Load(r.Source(), roles)
	if err != nil {
		return err
	}
	log := obs.NewLog(os.Stderr, cfg.Log.Level, cfg.Log.Format == "json")
	logLibraries(log)
	a, err := Start(ctx, Config{Config: cfg, Roles: roles, Logger: log})
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: another process has the port; give this one another in listen", err)
	}
	if err != nil {
		return err
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		err = errors.Join(err, a.Close(bounded))
	}()
	if a.Ready(ctx) == nil {
		fmt.Println(a.readyLine())
	}
	<-ctx.Done()
	return nil
}

// readyLine says that the process is ready, and where people or operators find it.
func (a *App) readyLine() string {
	line := "ready " + a.about().Role
	if a.address != nil {
		line += " " + a.URL()
	}
	return fmt.Sprintf("%s, operator's door http://%s, after %v", line, a.operator, time.Since(a.began).Round(time.Millisecond))
}
