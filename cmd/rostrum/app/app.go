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
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/internal/rpc"
	"rostrum/mediaedge/edge"
)

// Config is what a process is started with.
type Config struct {
	HTTP      string // host:port of the public door
	UDP       int    // port of the speakers' media; 0: a free one
	TLS       bool   // https with a certificate made at start
	Folder    string // where embedded stores and keys are
	Node      id.Node
	Region    string
	Pyroscope string
	Roles     []string
	Log       *slog.Logger
}

// App is a running process.
type App struct {
	cfg      Config
	log      *slog.Logger
	registry *prometheus.Registry
	ready    obs.Ready
	bootID   uint64

	// opened by modules that others need
	network rpc.Network
	peers   peers
	redis   redis.UniversalClient
	bolt    *bbolt.DB
	keys    *keys

	edge        *edge.Edge // nil: not in this process
	public      *http.ServeMux
	address     net.Addr         // of the public door
	certificate *tls.Certificate // nil: plain http
	closing     []namedCloser
}

type namedCloser struct {
	name  string
	close func(context.Context) error
}

// Start starts the configured roles in the order of the table. What was started is closed again when one fails.
func Start(ctx context.Context, cfg Config) (*App, error) {
	a := &App{
		cfg: cfg, log: cfg.Log, registry: obs.NewMetrics(), bootID: uint64(time.Now().UnixMilli()), public: http.NewServeMux(),
	}
	for _, m := range modules {
		if !m.wanted(cfg.Roles) {
			continue
		}
		begun := time.Now()
		a.ready.Wait(m.name, "starting")
		if err := m.start(a, ctx); err != nil {
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
			defer cancel()
			return nil, errors.Join(fmt.Errorf("start %s: %w", m.name, err), a.Close(bounded))
		}
		a.ready.Done(m.name)
		a.log.Debug("started", "module", m.name, "took", time.Since(begun).Round(time.Millisecond))
	}
	return a, nil
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

func (a *App) startProfiles(context.Context) error {
	stop, err := obs.Profile(a.cfg.Pyroscope, strings.Join(a.cfg.Roles, "+"), a.log)
	if err != nil {
		return err
	}
	a.onClose("profiles", func(context.Context) error { stop(); return nil })
	return nil
}
