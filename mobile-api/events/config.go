package events

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
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
