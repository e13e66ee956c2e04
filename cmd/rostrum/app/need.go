package app

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// needTimeout bounds one look at what a process needs.
	needTimeout = 2 * time.Second
	// needPause is the first and needPauseMost the longest time between two looks.
	needPause     = 50 * time.Millisecond
	needPauseMost = 2 * time.Second
)

// need keeps the process from being ready until check has succeeded once. What is lost later is a matter of the calls that
// meet it: a gateway that were taken out of service whenever Redis is away would take the rooms with it that go on.
func (a *App) need(name string, check func(context.Context) error) {
	a.ready.Wait(name, "not looked at yet")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	a.needs.Add(1)
	go func() {
		defer close(done)
		defer a.needs.Done()
		a.await(ctx, name, check)
	}()
	a.onClose("need of "+name, func(context.Context) error {
		stop()
		<-done
		return nil
	})
}

// await looks until check succeeds or ctx ends, and says what is missing once for each reason.
func (a *App) await(ctx context.Context, name string, check func(context.Context) error) {
	said := ""
	for pause := needPause; ; pause = min(2*pause, needPauseMost) {
		bounded, cancel := context.WithTimeout(ctx, needTimeout)
		err := check(bounded)
		cancel()
		if err == nil {
			a.ready.Done(name)
			if said != "" {
				a.log.Info("what was waited for is there", "need", name)
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		a.ready.Wait(name, err.Error())
		if text := err.Error(); text != said {
			said = text
			a.log.Warn("waiting for what is needed", "need", name, "error", err)
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Ready waits until the process has everything that it needs, or ctx ends.
func (a *App) Ready(ctx context.Context) error {
	all := make(chan struct{})
	go func() {
		a.needs.Wait()
		close(all)
	}()
	select {
	case <-all:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
