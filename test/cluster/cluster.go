// Package cluster owns a whole system as processes of this machine: Redis, DynamoDB's stand-in, every role, their
// configuration, logs and process ids.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	readyWithin = 2 * time.Minute
	leaveWithin = 60 * time.Second
)

// Config says where a system is to run.
type Config struct {
	Folder string // of everything that it writes; made where it is not there
	Binary string // rostrum
	Root   string // of the repository, for dynalite
	// Ports answers an address for a name; nil: the documented ones.
	Ports func(name string) string
	// Inside answers the network namespace of a process; "" or nil: this one's.
	Inside func(name string) string
	// Plain leaves certificates out: roles speak plain gRPC, and edges show a token alone.
	Plain bool
	// Redis are addresses of a Redis cluster that is there; none: one server is started.
	Redis []string
	// Set are further settings of every role, "key=value".
	Set []string
	// Say is told of every process that is ready; may be nil.
	Say func(*Process)
}

// Cluster is a system that runs.
type Cluster struct {
	URL       string     `json:"url"` // of the gateway
	Folder    string     `json:"folder"`
	Processes []*Process `json:"processes"` // in the order in which they start

	cfg Config
}

// Start starts the stores, makes the tables, starts every role and waits until all are ready. What runs when it fails is stopped.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	if cfg.Ports == nil {
		cfg.Ports = documented
	}
	if cfg.Say == nil {
		cfg.Say = func(*Process) {}
	}
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the system's folder: %w", err)
	}
	if running, err := Load(cfg.Folder); err == nil && running.lives() {
		return nil, fmt.Errorf("a system runs in %s already; stop it first", cfg.Folder)
	}
	c := &Cluster{Folder: cfg.Folder, cfg: cfg}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	p := newPlan(c.cfg)
	c.URL = "http://" + p.gateway
	for _, s := range p.stores() {
		if err := c.run(ctx, s); err != nil {
			return err
		}
	}
	if err := p.prepare(ctx); err != nil {
		return err
	}
	var starting sync.WaitGroup
	roles := p.roles()
	failed := make([]error, len(roles))
	for i, s := range roles {
		process, err := c.begin(s)
		if err != nil {
			return err
		}
		starting.Go(func() {
			if failed[i] = process.Ready(ctx); failed[i] == nil {
				c.cfg.Say(process)
			}
		})
	}
	starting.Wait()
	return errors.Join(append(failed, c.save())...)
}

func (c *Cluster) run(ctx context.Context, p *Process) error {
	if _, err := c.begin(p); err != nil {
		return err
	}
	if err := p.Ready(ctx); err != nil {
		return err
	}
	c.cfg.Say(p)
	return nil
}

func (c *Cluster) begin(p *Process) (*Process, error) {
	if c.cfg.Inside != nil {
		p.Namespace = c.cfg.Inside(p.Name)
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	c.Processes = append(c.Processes, p)
	return p, c.save()
}

// Process answers a process by its name; nil where there is none.
func (c *Cluster) Process(name string) *Process {
	i := slices.IndexFunc(c.Processes, func(p *Process) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return c.Processes[i]
}

// Stop asks every process to leave, those that were started last first, and makes those that stay.
func (c *Cluster) Stop() error {
	var failed []error
	for _, p := range slices.Backward(c.Processes) {
		failed = append(failed, p.Leave(leaveWithin))
	}
	if err := os.Remove(record(c.Folder)); err != nil && !errors.Is(err, os.ErrNotExist) {
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// Load answers the system that was started in a folder.
func Load(folder string) (*Cluster, error) {
	text, err := os.ReadFile(record(folder))
	if err != nil {
		return nil, err
	}
	var c Cluster
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("read %s: %w", record(folder), err)
	}
	return &c, nil
}

// Restart starts a process that has ended again, and waits until it is ready.
func (c *Cluster) Restart(ctx context.Context, p *Process) error {
	if err := p.Start(); err != nil {
		return err
	}
	if err := c.save(); err != nil { // first, so that it is stopped whatever becomes of it
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	return p.Ready(ctx)
}

func (c *Cluster) lives() bool { return slices.ContainsFunc(c.Processes, (*Process).Lives) }

// PIDs is a file of names and process ids, as `rostrum load --pids` reads it.
func (c *Cluster) PIDs() string { return filepath.Join(c.Folder, "pids") }

// save writes down what runs, so that another process can stop it, or look at what it uses.
func (c *Cluster) save() error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(record(c.Folder), text, 0o600); err != nil {
		return fmt.Errorf("write down what runs: %w", err)
	}
	var pids strings.Builder
	for _, p := range c.Processes {
		fmt.Fprintf(&pids, "%s=%d\n", p.Name, p.PID)
	}
	if err := os.WriteFile(c.PIDs(), []byte(pids.String()), 0o600); err != nil {
		return fmt.Errorf("write down what runs: %w", err)
	}
	return nil
}

func record(folder string) string { return filepath.Join(folder, "cluster.json") }
