package events

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"

	"rostrum/mobile-api/intent"
)

// StageLog is what the sockets ask of the stage logs; listenerstatev1.ListenerStateClient is one.
type StageLog interface {
	Watch(context.Context, *listenerstatev1.WatchRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[listenerstatev1.WatchResponse], error)
	Apply(context.Context, *listenerstatev1.ApplyRequest, ...grpc.CallOption) (*listenerstatev1.ApplyResponse, error)
}

// Config says what the sockets of a gateway stand on.
type Config struct {
	// App is the tenant that is served; empty: main.
	App   id.App
	Stage StageLog
	// Name answers what a person is called, for invites and direct seats. Fault: not_found.
	Name func(ctx context.Context, user id.User) (string, error)
	// Authorise answers who an access token speaks for, and until when. Faults: unauthenticated, expired, forbidden.
	Authorise func(token string) (intent.Person, time.Time, error)
	// RoomState explains why the stage log does not know a room: not_live where it was not started. Nil, or an answer of
	// nil: not_found.
	RoomState func(ctx context.Context, room id.Room) error
	// MostSockets bounds the sockets of this gateway; 0: 10,000.
	MostSockets int

	Log     *slog.Logger          // nil: silent
	Metrics prometheus.Registerer // nil: none
	Now     func() time.Time      // nil: time.Now
}

// Validate answers everything that is wrong at once.
func (c Config) Validate() error {
	var wrong []error
	if c.Stage == nil || c.Name == nil || c.Authorise == nil {
		wrong = append(wrong, errors.New("events sockets need a stage log, names and a way to authorise"))
	}
	if _, err := id.ParseApp(string(c.App)); c.App != "" && err != nil {
		wrong = append(wrong, err)
	}
	if c.MostSockets < 0 {
		wrong = append(wrong, errors.New("the number of sockets cannot be negative"))
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	if c.App == "" {
		c.App = id.Main
	}
	if c.MostSockets == 0 {
		c.MostSockets = 10_000
	}
	if c.RoomState == nil {
		c.RoomState = func(context.Context, id.Room) error { return nil }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// pace is every span of time that docs/protocol.md section 10 names; tests shorten them.
type pace struct {
	start   time.Duration // for the upgrade and the start message
	write   time.Duration // without the connection taking anything
	silence time.Duration // without anything heard
	ping    time.Duration
	still   time.Duration // without another message
	tick    time.Duration // between two looks at everyone: places, still, pings, idleness
	idle    time.Duration // with neither role, hand nor invite
	wait    time.Duration // for a stage, or for a position ahead
	back    time.Duration // to come back after the last socket, before it is reported
	linger  time.Duration // of a room that nobody follows
	commit  time.Duration // between two reports of what is enforced
	apply   time.Duration // for one command
	grace   time.Duration // for commands of a connection that is over, and for goodbyes
}

func defaultPace() pace {
	return pace{
		start: 2 * time.Second, write: 10 * time.Second, silence: 30 * time.Second, ping: 10 * time.Second,
		still: 5 * time.Second, tick: time.Second, idle: time.Minute, wait: 5 * time.Second, back: 2 * time.Second,
		linger: 15 * time.Second, commit: 100 * time.Millisecond, apply: 5 * time.Second, grace: 2 * time.Second,
	}
}
