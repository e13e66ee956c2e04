package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rostrum/cmd/rostrum/config"
	"rostrum/cmd/rostrum/demo"
	"rostrum/internal/obs"
)

// Dev runs all roles in one process.
type Dev struct {
	HTTP      string `default:":8080" placeholder:"ADDR" help:"Address of the page, the API and the listeners' door. Port 0 takes a free one."`
	UDP       int    `default:"7881" placeholder:"PORT" help:"Port of the speakers' media, UDP and TCP. 0 takes a free one."`
	Data      string `placeholder:"DIR" help:"Keep rooms, people and keys here. Default: a temporary folder that goes with the process."`
	TLS       bool   `name:"tls" help:"Serve https with a certificate made now, so that phones on this network may use their microphone."`
	NoDemo    bool   `help:"Leave out the demo room."`
	Log       string `default:"info" enum:"debug,info,warn,error" help:"Least level of what is logged to standard error."`
	Pyroscope string `placeholder:"URL" env:"ROSTRUM_PROFILES_PYROSCOPE" help:"Push profiles to this Pyroscope server."`
	Traces    string `placeholder:"HOST:PORT" env:"ROSTRUM_TRACES_OTLP" help:"Push traces to this collector, OTLP over gRPC."`
}

const (
	// leaveTimeout bounds how long leaving may take.
	leaveTimeout = 5 * time.Second
	// readyTimeout bounds how long the roles of one process may take to find each other.
	readyTimeout = 10 * time.Second
)

// Run runs until ctx ends. It prints one line "ready http://…" to standard output when the system can be used.
func (d *Dev) Run(ctx context.Context) (err error) {
	cfg, clean, err := d.config()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clean()) }()
	logLibraries(cfg.Logger)
	a, err := Start(ctx, cfg)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: another process has the port; choose one with --http and --udp, 0 takes a free one", err)
	}
	if err != nil {
		return err
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		err = errors.Join(err, a.Close(bounded))
	}()
	bounded, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := a.Ready(bounded); err != nil {
		return fmt.Errorf("wait until everything is there: %w", err)
	}
	fmt.Printf("ready %s\n", a.URL())
	if d.NoDemo {
		<-ctx.Done()
		return nil
	}
	return demo.Run(ctx, demo.Config{URL: a.LocalURL(), HTTPClient: a.LocalClient(), Log: cfg.Logger.With("role", "demo")})
}

// config turns flags into a configuration; clean removes what was temporary.
func (d *Dev) config() (cfg Config, clean func() error, err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(d.Log)); err != nil {
		return cfg, nil, err
	}
	clean = func() error { return nil }
	folder := d.Data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "rostrum-"); err != nil {
			return cfg, nil, fmt.Errorf("make a temporary folder: %w", err)
		}
		clean = func() error { return os.RemoveAll(folder) }
	} else if err := os.MkdirAll(folder, 0o700); err != nil {
		return cfg, nil, fmt.Errorf("make the data folder: %w", err)
	}
	if _, _, err := net.SplitHostPort(d.HTTP); err != nil {
		return cfg, clean, errors.Join(fmt.Errorf("--http wants host:port or :port, like :8080: %w", err), clean())
	}
	if d.UDP < 0 || d.UDP > 65535 {
		return cfg, clean, errors.Join(fmt.Errorf("--udp wants a port from 0 to 65535, not %d", d.UDP), clean())
	}
	return Config{
		Config: config.Config{
			Region: "local", Node: "dev", Store: config.StoreBolt, Folder: filepath.Clean(folder),
			Listen: config.Listen{HTTP: d.HTTP, Media: d.UDP}, Profiles: config.Profiles{Pyroscope: d.Pyroscope}, Traces: config.Traces{OTLP: d.Traces, Sample: 1},
		},
		Roles: allRoles(), Embedded: true, SelfSigned: d.TLS, Logger: obs.NewLog(os.Stderr, level, false),
	}, clean, nil
}
