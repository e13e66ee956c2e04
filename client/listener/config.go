package listener

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/id"
)

// Config says what to hear, and how.
type Config struct {
	// URLs are the edges', http, https, ws or wss, best first.
	URLs  []string
	Room  id.Room
	Grant string
	// GrantInStart sends the grant as the first message and not as a subprotocol.
	GrantInStart bool
	// GrantExpiresAt is when the grant ends; zero: not known.
	GrantExpiresAt time.Time
	// Renew answers a new grant at half the life of the old one, and when that is refused; without it a refusal ends the
	// listener. It is called from a goroutine of the listener.
	Renew func(context.Context) (Grant, error)
	// Rendition is "voice-32" where empty.
	Rendition string
	// From is the first number wanted; 0: the live edge.
	From uint64
	// Cadence between deliveries, 200 ms or 1 s; default 1 s.
	Cadence time.Duration
	// AckEvery is how often the number that is heard is acknowledged; default 10 s.
	AckEvery time.Duration
	// Silence is how long an open connection may bring nothing; default 10 s.
	Silence time.Duration
	// Dialer is how connections are made; may be nil.
	Dialer *websocket.Dialer
	// Batches is shared by the listeners of one program where a process has many, so that each batch is decoded once; may be
	// nil. What is heard is then shared too: read only.
	Batches *Batches
	// Broken is told why a connection was left or not made, each time before another is tried: a *CloseError, ErrHole,
	// ErrCorrupt, ErrSilent, or what the network says. It is called by Open and Next; may be nil.
	Broken func(error)
}

// complete checks the configuration and fills in defaults.
func (cfg Config) complete() (Config, error) {
	if len(cfg.URLs) == 0 || cfg.Room == "" {
		return Config{}, errors.New("a room and the URL of an edge are needed")
	}
	if cfg.Rendition == "" {
		cfg.Rendition = "voice-32"
	}
	if cfg.Cadence == 0 {
		cfg.Cadence = time.Second
	}
	if cfg.AckEvery <= 0 {
		cfg.AckEvery = 10 * time.Second
	}
	if cfg.Silence <= 0 {
		cfg.Silence = 10 * time.Second
	}
	if cfg.Dialer == nil {
		cfg.Dialer = &websocket.Dialer{HandshakeTimeout: 5 * time.Second, ReadBufferSize: 8192, WriteBufferSize: 256}
	}
	return cfg, nil
}
