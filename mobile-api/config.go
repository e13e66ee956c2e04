package mobileapi

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/id"
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

	Tokens accessOpener
	Grants grantVerifier

	// App is the tenant that is served; empty: main.
	App id.App
	// PublicURL is where clients reach this door and edges that announce no address of their own, such as
	// "https://rooms.example". Empty: the scheme and host of each call; what proxies say in headers is not believed.
	PublicURL string
	// GuestsPerMinute bounds new guests, and apart from them renewed tokens, per client address (IPv6: per /64). 0: 60;
	// below 0: no bound.
	GuestsPerMinute int
	// ChangesPerSecond bounds what one person changes over HTTP; twice as much may come at once. 0: 20, as over the events
	// socket; below 0: no bound.
	ChangesPerSecond int
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
	if c.Tokens == nil || c.Grants == nil {
		wrong = append(wrong, errors.New("a gateway needs what opens access tokens and what verifies grants"))
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
	if c.ChangesPerSecond == 0 {
		c.ChangesPerSecond = 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
