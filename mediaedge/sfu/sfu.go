// Package sfu owns the WebRTC of the speakers: it answers their offers, takes their packets in and forwards the loudest
// other speakers into each one's slots.
//
// A Room belongs to one origin, which says who may publish (Allow, Mute, Deny) and takes what is published (Ingest).
// Media of different rooms never meets in a lock or a goroutine; they share only the UDP sockets.
package sfu

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// Config says where an SFU is reached. The zero value listens on a free port of all addresses but loopback.
type Config struct {
	Node id.Node // sessions made by NewSession begin with it

	UDPPort      int      // one port for all sessions; 0: a free one
	TCP          bool     // ICE-TCP on the same port number, for networks that drop UDP
	BindIPs      []net.IP // sockets are opened on these; empty: every address of the machine
	AdvertiseIPs []net.IP // told to clients instead of BindIPs, behind 1:1 NAT

	LoopbackCandidates bool // offers loopback addresses to clients too: development and tests

	LostAfter time.Duration // silence of a transport until it counts as lost; 0: 10 s

	Log     *slog.Logger          // nil: discarded
	Metrics prometheus.Registerer // nil: counted and not shown
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.UDPPort < 0 || c.UDPPort > 65535 {
		errs = append(errs, fmt.Errorf("udp port %d is not 0 to 65535", c.UDPPort))
	}
	if c.LostAfter < 0 {
		errs = append(errs, fmt.Errorf("lost after %v is negative", c.LostAfter))
	}
	for _, ip := range c.BindIPs {
		if ip == nil || ip.IsUnspecified() || ip.IsMulticast() {
			errs = append(errs, fmt.Errorf("bind address %v is not one of this machine", ip))
		}
	}
	for _, ip := range c.AdvertiseIPs {
		if ip == nil || ip.IsUnspecified() || ip.IsMulticast() {
			errs = append(errs, fmt.Errorf("advertised address %v cannot be reached", ip))
		}
	}
	return errors.Join(errs...)
}

// SFU holds the sockets and everything that sessions of all rooms have in common.
type SFU struct {
	node    id.Node
	log     *slog.Logger
	port    *port
	engine  *engine
	metrics *metrics

	mu     sync.Mutex
	rooms  map[*Room]struct{}
	closed bool
}

// New opens the sockets. The error says which could not be opened.
func New(config Config) (*SFU, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("sfu: %w", err)
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.LostAfter == 0 {
		config.LostAfter = 10 * time.Second
	}
	metrics, err := newMetrics(config.Metrics)
	if err != nil {
		return nil, fmt.Errorf("sfu: %w", err)
	}
	port, err := openPort(config)
	if err != nil {
		return nil, fmt.Errorf("sfu: %w", err)
	}
	engine, err := newEngine(config, port)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sfu: %w", err), port.close())
	}
	return &SFU{
		node: config.Node, log: config.Log, port: port, engine: engine, metrics: metrics, rooms: make(map[*Room]struct{}),
	}, nil
}

// Port is the number of the UDP port, and of the TCP port where there is one.
func (s *SFU) Port() int { return s.port.number }

// Sessions is how many are open.
func (s *SFU) Sessions() int {
	s.mu.Lock()
	rooms := slices.Collect(maps.Keys(s.rooms))
	s.mu.Unlock()
	n := 0
	for _, r := range rooms {
		n += r.open()
	}
	return n
}

// NewSession makes the name of a session on this node.
func (s *SFU) NewSession() id.Session { return id.NewSession(s.node) }

// OpenRoom makes a room in which nobody may publish yet. The clock is the program's; ingest takes what is published.
func (s *SFU) OpenRoom(clock audio.Clock, ingest Ingest, log *slog.Logger) *Room {
	if log == nil {
		log = s.log
	}
	r := newRoom(s, clock, ingest, log)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		r.closed = true
		return r
	}
	s.rooms[r] = struct{}{}
	r.start()
	return r
}

// Close ends all rooms and sessions, waits for them, and closes the sockets.
func (s *SFU) Close() error {
	s.mu.Lock()
	s.closed = true
	rooms := make([]*Room, 0, len(s.rooms))
	for r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.Unlock()
	for _, r := range rooms {
		r.Close()
	}
	return s.port.close()
}

func (s *SFU) forget(r *Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rooms, r)
}
