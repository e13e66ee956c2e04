// Package mobileapi owns the gateway: the one public door to the control services, HTTP and JSON outside, gRPC inside.
//
// openapi.yaml is the contract; every handler is tested against it.
package mobileapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Gateway serves the API. Safe for concurrent use.
type Gateway struct {
	// static
	log      *slog.Logger
	app      id.App
	metrics  metrics
	auth     auth
	people   people
	rooms    rooms
	stages   stages
	commands commands
	pace     pace
	door     door
	events   events
	whip     whip
	unopened unopened
	handler  http.Handler
	ending   context.Context
	end      context.CancelFunc

	// guarded by mu
	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // Add under mu
}

// New makes a gateway.
func New(c Config) (*Gateway, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	c = c.withDefaults()
	m, err := newMetrics(c.Metrics)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	stages := stages{state: c.Stage, missing: m.missing}
	auth := auth{app: c.App, access: c.Tokens, grants: c.Grants, now: c.Now}
	names, unopened := names{c.App, c.Accounts}, unopened{app: c.App, rooms: c.Rooms}
	commands := commands{stage: c.Stage, names: names}
	pace := pace{newLimiter[id.User](2*c.ChangesPerSecond, 2*time.Second), c.Now}
	events, err := newEvents(c, auth, names, unopened)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{
		log: c.Log, app: c.App, metrics: m, auth: auth,
		people: people{
			accounts: c.Accounts, guests: newLimiter[netip.Prefix](c.GuestsPerMinute, time.Minute),
			refreshes: newLimiter[netip.Prefix](c.GuestsPerMinute, time.Minute), now: c.Now,
		},
		rooms:    rooms{catalogue: c.Rooms, stages: stages},
		stages:   stages,
		commands: commands,
		pace:     pace,
		door: door{
			rooms: c.Rooms, signaling: c.Signaling, stages: stages, commands: commands, pace: pace, public: publicURL(c.PublicURL),
		},
		events:   events,
		whip:     whip{sessions: c.Signaling},
		unopened: unopened,
	}
	g.ending, g.end = context.WithCancel(context.Background())
	g.handler = g.observed(newTable(g.routes(), g.call))
	return g, nil
}

// Handler serves the routes of openapi.yaml; every other path is not_found.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Close ends the events sockets (1001), then the calls in flight as unavailable; it refuses new ones the same way, and
// waits.
func (g *Gateway) Close() error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	err := g.events.sockets.Close()
	g.end()
	g.calls.Wait()
	return err
}

// begin counts a call in; the answer counts it out.
func (g *Gateway) begin() (done func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, fault.Unavailable(nil, "this gateway is leaving; call again")
	}
	g.calls.Add(1)
	return g.calls.Done, nil
}
