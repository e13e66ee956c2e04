// Package mobileapi owns the gateway: the one public door to the control services, HTTP and JSON outside, gRPC inside.
//
// openapi.yaml is the contract; every handler is tested against it.
package mobileapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// Config says what a gateway stands on.
type Config struct {
	Rooms     roomv1.RoomsClient
	Accounts  accountv1.AccountsClient
	Stage     listenerstatev1.ListenerStateClient
	Signaling signalingv1.SignalingClient

	AccessKeys token.AccessKeys
	Grants     *token.Verifier

	// App is the tenant that is served; empty: main.
	App id.App
	// PublicURL is where clients reach this door and edges that announce no address of their own, such as
	// "https://rooms.example". Empty: the scheme and host of each call; what proxies say in headers is not believed.
	PublicURL string
	// GuestsPerMinute bounds new guests, and apart from them renewed tokens, per client address (IPv6: per /64). 0: 60;
	// below 0: no bound.
	GuestsPerMinute int
	// MostSockets bounds the events sockets. 0: 10,000.
	MostSockets int

	Log     *slog.Logger          // nil: silent
	Metrics prometheus.Registerer // nil: none
	Now     func() time.Time      // nil: time.Now
}

// Validate answers everything that is wrong at once.
func (c Config) Validate() error {
	var wrong []error
	if c.Rooms == nil || c.Accounts == nil || c.Stage == nil || c.Signaling == nil {
		wrong = append(wrong, errors.New("a gateway needs the clients of all four services"))
	}
	if len(c.AccessKeys) == 0 || c.Grants == nil {
		wrong = append(wrong, errors.New("a gateway needs access keys and a verifier of grants"))
	}
	if _, err := id.ParseApp(string(c.App)); c.App != "" && err != nil {
		wrong = append(wrong, err)
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || !isAbsolute(u) || strings.Trim(u.Path, "/") != "") {
		wrong = append(wrong, errors.New("public_url must be http:// or https:// and a host, without a path"))
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	if c.App == "" {
		c.App = id.Main
	}
	if c.GuestsPerMinute == 0 {
		c.GuestsPerMinute = 60
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

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
	auth := auth{app: c.App, access: c.AccessKeys, grants: c.Grants, now: c.Now}
	names, unopened := names{c.App, c.Accounts}, unopened{app: c.App, rooms: c.Rooms}
	commands := commands{stage: c.Stage, names: names}
	events, err := newEvents(c, auth, names, unopened)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	g := &Gateway{
		log: c.Log, app: c.App, metrics: m, auth: auth,
		people: people{
			accounts: c.Accounts, guests: newLimiter(c.GuestsPerMinute), refreshes: newLimiter(c.GuestsPerMinute), now: c.Now,
		},
		rooms:    rooms{catalogue: c.Rooms, stages: stages},
		stages:   stages,
		commands: commands,
		door: door{
			rooms: c.Rooms, signaling: c.Signaling, stages: stages, commands: commands, public: publicURL(c.PublicURL),
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
