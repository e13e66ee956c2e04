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
	"google.golang.org/grpc"

	"rostrum/internal/id"
	"rostrum/internal/obs"
	"rostrum/internal/rpc"
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
	network  rpc.Network
	bootID   uint64

	// stores, opened by modules that others need
	redis redis.UniversalClient
	bolt  *bbolt.DB
	keys  *keys

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
		cfg: cfg, log: cfg.Log, registry: obs.NewMetrics(), network: rpc.NewMemory(),
		bootID: uint64(time.Now().UnixMilli()), public: http.NewServeMux(),
	}
	for _, m := range modules {
		if !m.wanted(cfg.Roles) {
			continue
		}
		begun := time.Now()
		if err := m.start(a, ctx); err != nil {
			bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
			defer cancel()
			return nil, errors.Join(fmt.Errorf("start %s: %w", m.name, err), a.Close(bounded))
		}
		a.log.Debug("started", "module", m.name, "took", time.Since(begun).Round(time.Millisecond))
	}
	return a, nil
}

// Close leaves: what was started last is closed first, each within what is left of ctx.
func (a *App) Close(ctx context.Context) error {
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

// serve offers a gRPC service at an address of the network until the app closes.
func (a *App) serve(address string, register func(*grpc.Server)) error {
	listener, err := a.network.Listen(address)
	if err != nil {
		return fmt.Errorf("listen for gRPC: %w", err)
	}
	server := rpc.NewServer(a.log.With("role", address))
	register(server)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	a.onClose(address+" gRPC", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, server.Stop)
		defer stop()
		time.AfterFunc(time.Second, server.Stop) // streams have no end of their own
		server.GracefulStop()
		return <-ended
	})
	return nil
}

// dial answers the connection to a role of this process.
func (a *App) dial(address string) grpc.ClientConnInterface {
	conn, err := a.network.Dial(address)
	if err != nil {
		return broken{err}
	}
	return conn
}

// broken is a connection that could not even be described.
type broken struct{ err error }

func (b broken) Invoke(context.Context, string, any, any, ...grpc.CallOption) error { return b.err }

func (b broken) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, b.err
}
