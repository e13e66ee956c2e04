// Package app puts the roles together: the configuration of a process, the table of modules, starting and leaving. It is
// the only package that knows all of them.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"rostrum/cmd/rostrum/config"
	"rostrum/internal/obs"
	"rostrum/internal/secrets"
	"rostrum/mediaedge/edge"
)

// Config is what a process is started with.
type Config struct {
	config.Config
	Roles []string
	// Embedded has the roles reach each other within the process, over a Redis within the process.
	Embedded bool
	// SelfSigned serves https with a certificate made at start.
	SelfSigned bool
	Logger     *slog.Logger
}

// App is a running process.
type App struct {
	cfg      Config
	log      *slog.Logger
	registry *prometheus.Registry
	ready    obs.Ready
	cpu      obs.CPU
	began    time.Time
	bootID   uint64

	// opened by modules that others need
	network network
	peers   peers
	redis   redis.UniversalClient
	store   store
	keys    *secrets.Keys

	edge        *edge.Edge // nil: not in this process
	ledger      http.Handler
	public      *http.ServeMux
	address     net.Addr         // of the public door; nil: there is none
	operator    net.Addr         // of the operator's door; nil: it is part of the public one
	certificate *tls.Certificate // nil: plain http
	closing     []namedCloser
	needs       sync.WaitGroup
}

type namedCloser struct {
	name  string
	close func(context.Context) error
}

// Start starts the configured roles in the order of the table. What was started is closed again when one fails. What the
// roles need of other processes may still be missing afterwards: see Ready.
func Start(ctx context.Context, cfg Config) (*App, error) {
	a := newApp(cfg)
	for _, m := range modules {
		if !m.wanted(cfg.Roles) {
			continue
		}
		if err := a.begin(ctx, m); err != nil {
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
			defer cancel()
			return nil, errors.Join(fmt.Errorf("start %s: %w", m.name, err), a.Close(bounded))
		}
	}
	return a, nil
}

func newApp(cfg Config) *App {
	now := time.Now()
	return &App{
		cfg: cfg, log: cfg.Logger, registry: obs.NewMetrics(), began: now, bootID: uint64(now.UnixMilli()), public: http.NewServeMux(),
	}
}

// begin starts a module. The goroutines that it starts have its name in profiles.
func (a *App) begin(ctx context.Context, m module) (err error) {
	began := time.Now()
	a.ready.Wait(m.name, "starting")
	obs.AsModule(ctx, m.name, func(ctx context.Context) { err = m.start(a, ctx) })
	if err == nil {
		a.ready.Done(m.name)
		a.log.Debug("started", "module", m.name, "took", time.Since(began).Round(time.Millisecond))
	}
	return err
}

// Close leaves: what was started last is closed first, each within what is left of ctx.
func (a *App) Close(ctx context.Context) error {
	a.ready.Wait("process", "leaving")
	var failed []error
	for i := len(a.closing) - 1; i >= 0; i-- {
		c := a.closing[i]
		if err := c.close(ctx); err != nil {
			failed = append(failed, fmt.Errorf("close %s: %w", c.name, err))
		}
	}
	a.closing = nil
	return errors.Join(failed...)
}

func (a *App) onClose(name string, close func(context.Context) error) {
	a.closing = append(a.closing, namedCloser{name, close})
}

func (a *App) roleLog(role string) *slog.Logger { return a.log.With("role", role) }

func (a *App) about() obs.About {
	return obs.About{Role: strings.Join(a.cfg.Roles, "+"), Node: string(a.cfg.Node), Region: a.cfg.Region, Started: a.began}
}

func (a *App) startTraces(ctx context.Context) error {
	stop, err := obs.Trace(ctx, obs.TraceConfig{
		Endpoint: a.cfg.Traces.OTLP, Sample: a.cfg.Traces.Sample, About: a.about(), Log: a.log, Metrics: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose("traces", stop)
	return nil
}

func (a *App) startProfiles(context.Context) error {
	stop, err := obs.Profile(a.cfg.Profiles.Pyroscope, a.about(), a.log)
	if err != nil {
		return err
	}
	a.onClose("profiles", func(context.Context) error { stop(); return nil })
	return nil
}
